"""Codes at a lock that asks nobody: who is let in, when, how often; and how guessing ends."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from common.lock_protocol.qr import QrCode, write_qr
from generator.fleet.keypad import MOST_WRONG, begin_attempt, enter_pin, show_qr
from generator.fleet.lock import Lock
from generator.fleet.record import CodeTable
from tests.generator.locks import DEVICE, KEYS, NOW, code, new_lock, told

PIN = "284651"
MINUTE = 60_000
HOURS = [{"days": ["mon"], "from": "08:00", "to": "17:00"}]
KNOWN = code(7, PIN)


def lock_with(timezone: str = "UTC", **more: Any) -> Lock:
    lock = new_lock()
    lock.record.table = CodeTable(1, "", timezone, [KNOWN | more])
    return lock


def at(hour: int, day: int = 1) -> int:
    """Of June 2026, whose first day is a Monday."""
    return int(datetime(2026, 6, day, hour, tzinfo=UTC).timestamp() * 1000)


def test_a_known_pin_opens_and_is_told() -> None:
    lock = lock_with()
    assert enter_pin(lock, PIN, NOW).is_granted
    (name, data), (_, state) = told(lock)
    assert (name, data) == ("granted", {"method": "pin", "pin_id": 7})
    assert state["locked"] is False
    assert lock.entries["PIN_GRANTED"] == 1


@pytest.mark.parametrize(
    ("more", "timezone", "now", "reason"),
    [
        ({"starts_at": NOW + 1}, "UTC", NOW, "schedule"),
        ({"expires_at": NOW}, "UTC", NOW, "expired"),
        ({"schedule": HOURS}, "UTC", at(7), "schedule"),
        ({"schedule": HOURS}, "UTC", at(9), None),
        ({"schedule": HOURS}, "Europe/Berlin", at(7), None),
        ({"schedule": HOURS}, "UTC", at(9, day=2), "schedule"),
        ({"max_uses": 1}, "UTC", NOW, None),
    ],
    ids=["not yet", "no more", "too early", "in time", "in time there", "another day", "once"],
)
def test_a_pin_opens_when_it_may(more: dict[str, Any], timezone: str, now: int, reason: str | None) -> None:
    lock = lock_with(timezone, **more)
    decision = enter_pin(lock, PIN, now)
    assert (decision.is_granted, decision.reason) == (reason is None, reason)
    assert lock.record.brake.attempts == []


def test_a_one_time_pin_opens_once() -> None:
    lock = lock_with(max_uses=1)
    assert [enter_pin(lock, PIN, NOW).reason for _ in range(2)] == [None, "used"]


def test_five_wrong_codes_end_the_guessing_for_ever_longer() -> None:
    lock = lock_with()
    lock.record.table.codes = []  # nothing to try them at: argon2 is slow
    now, lockouts = NOW, []
    for _ in range(6):
        assert [enter_pin(lock, "975310", now).reason for _ in range(MOST_WRONG)] == ["unknown"] * MOST_WRONG
        assert enter_pin(lock, PIN, now).reason == "lockout"
        lockouts += [data["seconds"] for name, data in told(lock) if name == "lockout"]
        now = lock.record.brake.locked_until
    assert lockouts == [900, 1800, 3600, 7200, 14400, 14400]
    for _ in range(MOST_WRONG):
        enter_pin(lock, "975310", now + 25 * 60 * MINUTE)
    assert told(lock)[-1] == ("lockout", {"seconds": 900})


def test_wrong_codes_long_ago_are_no_guessing() -> None:
    lock = lock_with()
    lock.record.table.codes = []
    for attempt in range(20):
        assert enter_pin(lock, "975310", NOW + attempt * 3 * MINUTE).reason == "unknown"


def test_attempts_that_are_not_decided_on_yet_count() -> None:
    lock = lock_with()
    assert [begin_attempt(lock, NOW) for _ in range(MOST_WRONG + 1)] == [True] * MOST_WRONG + [False]


def qr(device_id: str = DEVICE, key: bytes = KEYS.qr, nonce: str = "n" * 16, expires_at: int = NOW // 1000 + 30) -> str:
    return write_qr(key, QrCode(device_id, uuid4(), nonce, expires_at))


def test_a_qr_code_opens_once() -> None:
    lock = new_lock()
    shown = qr()
    assert [show_qr(lock, shown, NOW).reason for _ in range(2)] == [None, "used"]
    assert lock.entries == {"STARTED": 1, "QR_GRANTED": 1, "QR_DENIED": 1}


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (qr(device_id="back-door"), "signature"),
        (qr(key=b"x" * 32), "signature"),
        (qr(expires_at=NOW // 1000 - 1), "expired"),
        (qr(expires_at=NOW // 1000 + 36), "expired"),
        ("", "signature"),
        ("WH1.a.b.c.d.e", "signature"),
    ],
    ids=["another lock's", "another key's", "late", "far too long", "nothing", "something"],
)
def test_no_other_qr_code_opens(shown: str, reason: str) -> None:
    lock = new_lock()
    assert show_qr(lock, shown, NOW).reason == reason
    assert lock.record.is_locked


def test_spent_qr_codes_are_remembered_no_longer_than_they_could_open() -> None:
    lock = new_lock()
    show_qr(lock, qr(nonce="a" * 16), NOW)
    show_qr(lock, qr(nonce="b" * 16, expires_at=NOW // 1000 + 90), NOW + 60_000)
    assert list(lock.record.spent) == ["b" * 16]
