"""A lock and its commands: each is obeyed once, in order, in time; nothing else is obeyed at all."""

from collections import Counter
from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.lock_protocol.codes import table_hash
from common.lock_protocol.commands import Command, write_command
from generator.fleet.lock import Lock
from generator.fleet.obeying import REMEMBERED, take_command
from tests.generator.locks import DEVICE, KEYS, NOW, answers, code, command, new_lock, read, sent, signed, told
from tests.support.long_runs import IS_LONG

EXAMPLES = 250 if IS_LONG else 25
ATTACKS = 400  # of each example: 100,000 in the long run
FORGED_FIELDS = ("command", "command_id", "timestamp", "expires_at", "counter", "params", "signature")


def test_unlock_and_lock_are_obeyed_and_answered() -> None:
    lock = new_lock()
    assert take_command(lock, signed(command("UNLOCK", 1)), NOW).is_executed
    assert told(lock)[0][1]["locked"] is False
    assert take_command(lock, signed(command("LOCK", 2)), NOW).is_executed
    assert answers(lock) == [("succeeded", None)]
    assert lock.record.is_locked


def test_what_was_decided_is_answered_from_memory_however_late_it_comes_again() -> None:
    lock = new_lock()
    payload = signed(command("UNLOCK", 1))
    take_command(lock, payload, NOW)
    lock.record.is_locked = True
    told(lock)
    assert take_command(lock, payload, NOW + 3_600_000).verdict == "duplicate"
    assert answers(lock) == [("duplicate", "succeeded")]
    assert lock.record.is_locked


def test_an_overtaken_command_is_rejected_without_an_alarm() -> None:
    lock = new_lock()
    take_command(lock, signed(command("LOCK", 5)), NOW)
    told(lock)
    assert take_command(lock, signed(command("UNLOCK", 4)), NOW).verdict == "rejected"
    assert told(lock) == [
        ("ack", {"command_id": lock.record.answered[0].command_id, "result": "rejected", "reason": "superseded"})
    ]


def test_what_was_obeyed_is_never_said_to_be_overtaken_however_much_came_between() -> None:
    lock = new_lock()
    take_command(lock, signed(command("LOCK", 1)), NOW)
    obeyed = signed(command("LOCK", 10))
    take_command(lock, obeyed, NOW)
    take_command(lock, signed(command("UNLOCK", 2)), NOW)  # it is overtaken, and of a lower counter
    for counter in range(11, 11 + REMEMBERED - 1):
        take_command(lock, signed(command("LOCK", counter)), NOW)
    assert take_command(lock, obeyed, NOW).verdict == "duplicate"
    take_command(lock, signed(command("LOCK", 100)), NOW)
    assert take_command(lock, obeyed, NOW).reason == "replayed"


@pytest.mark.parametrize(
    ("late", "is_obeyed"),
    [(0, True), (15_000, True), (15_001, False), (-2_000, True), (-2_001, False)],
    ids=["at once", "at the last moment", "late", "from a clock ahead", "from a clock too far ahead"],
)
def test_a_command_is_obeyed_within_its_life(late: int, is_obeyed: bool) -> None:
    lock = new_lock()
    taken = take_command(lock, signed(command("UNLOCK", 1)), NOW + late)
    assert taken.is_executed is is_obeyed
    assert lock.record.is_locked is not is_obeyed
    refused = [data["reason"] for name, data in told(lock) if name == "command_refused"]
    assert refused == ([] if is_obeyed else ["expired"])


def test_a_counter_that_is_long_past_is_called_a_replay() -> None:
    lock = new_lock()
    for counter in range(10, 10 + REMEMBERED + 1):
        take_command(lock, signed(command("LOCK", counter)), NOW)
    told(lock)
    assert take_command(lock, signed(command("UNLOCK", 10)), NOW).reason == "replayed"
    assert [name for name, _ in told(lock)] == ["command_refused"]
    assert lock.record.is_locked


def test_a_reboot_is_done_when_the_next_boot_says_so() -> None:
    lock = new_lock()
    take_command(lock, signed(command("REBOOT", 1)), NOW)
    assert answers(lock) == [("received", None)]
    lock.start(NOW + 2_000)
    first, answer, state = sent(lock)
    assert (first.boot, first.seq, read(first)["data"]) == (2, 1, {"reason": "reboot"})
    assert read(answer)["data"]["result"] == "succeeded"
    assert lock.is_newest_state(state)


def test_a_jammed_bolt_fails_the_command() -> None:
    lock = new_lock()
    lock.jam(NOW)
    told(lock)
    assert take_command(lock, signed(command("UNLOCK", 1)), NOW).verdict == "failed"
    assert answers(lock) == [("failed", "jammed")]


def test_a_code_table_is_taken_with_its_hash_unless_it_is_older() -> None:
    lock = new_lock()
    tables = [command("CODES", n, version=version, timezone="UTC", codes=[]) for n, version in ((1, 7), (2, 6))]
    for table in tables:
        take_command(lock, signed(table), NOW)
    state, succeeded, failed = told(lock)
    assert (state[1]["codes_version"], state[1]["codes_hash"]) == (7, table_hash(tables[0].params))
    assert (succeeded[1]["result"], failed[1]["result"]) == ("succeeded", "failed")


@pytest.mark.parametrize(
    "params",
    ["", "[]", '{"version": "7", "timezone": "UTC", "codes": []}', '{"version":7,"timezone":"UTC","codes":[{}]}'],
)
def test_a_code_table_of_another_form_is_no_table(params: str) -> None:
    lock = new_lock()
    assert take_command(lock, signed(command("CODES", 1), params=params), NOW).verdict == "failed"
    assert lock.record.table.version == 0


def test_its_own_uses_of_a_code_outlast_a_new_table() -> None:
    lock = new_lock()
    lock.record.table.uses = {"4": 3}
    table = command("CODES", 1, version=1, timezone="UTC", codes=[code(4, "2846", max_uses=5, uses=1)])
    take_command(lock, signed(table), NOW)
    assert lock.record.table.uses == {"4": 3}


def test_what_is_asked_for_again_is_sent_again_before_the_answer() -> None:
    lock = new_lock()
    for _ in range(4):
        lock.tell_telemetry(NOW, rssi=-50, temperature=None)
    first = sent(lock)[0].seq
    take_command(lock, signed(command("BACKFILL", 1, boot=1, **{"from": first, "to": first + 1})), NOW)
    assert [message.seq for message in sent(lock)][:2] == [first, first + 1]


def test_what_is_forgotten_is_said_to_be() -> None:
    lock = new_lock()
    lock.outbox.acknowledge((1, 1))
    take_command(lock, signed(command("BACKFILL", 1, boot=1, **{"from": 1, "to": 2})), NOW)
    told_now = told(lock)
    assert [name for name, _ in told_now] == ["state", "ack"]
    assert told_now[1][1]["reason"] == "forgotten"


@settings(max_examples=EXAMPLES)
@given(seed=st.integers(0))
def test_nothing_forged_replayed_stale_or_foreign_is_ever_obeyed(seed: int) -> None:
    luck = Random(seed)
    lock = new_lock()
    obeyed = [signed(command("UNLOCK", 100)), signed(command("LOCK", 101))]
    assert all(take_command(lock, payload, NOW).is_executed for payload in obeyed)
    before = (lock.record.counter, lock.record.is_locked, lock.record.table.version)
    for _ in range(ATTACKS):
        payload, now, is_retained = _attack(luck, obeyed)
        assert not take_command(lock, payload, now, is_retained=is_retained).is_executed, payload
    assert (lock.record.counter, lock.record.is_locked, lock.record.table.version) == before


def _attack(luck: Random, obeyed: list[bytes]) -> tuple[bytes, int, bool]:
    """A payload that must not be obeyed, when it comes, and whether it is a retained one."""
    good = command(luck.choice(("UNLOCK", "REBOOT", "CODES", "LOCK")), luck.randrange(102, 1000))
    late = good.expires_at + luck.randrange(1, 10**9)
    return luck.choice(
        (
            (_with_a_flipped_bit(signed(good), luck), NOW, False),
            (_with_another_field(good, luck), NOW, False),
            (write_command(KEYS.command, "back-door", good), NOW, False),
            (write_command(luck.randbytes(32), DEVICE, good), NOW, False),
            (signed(good), late, False),
            (luck.choice(obeyed), NOW + luck.randrange(10**6), False),
            (signed(good), NOW, True),
        )
    )


def _with_a_flipped_bit(payload: bytes, luck: Random) -> bytes:
    mutable = bytearray(payload)
    mutable[luck.randrange(len(mutable))] ^= 1 << luck.randrange(8)
    return bytes(mutable)


def _with_another_field(good: Command, luck: Random) -> bytes:
    """Signed as it was, and saying something else."""
    content = orjson.loads(signed(good))
    name = luck.choice(FORGED_FIELDS)
    value = content[name]
    content[name] = value + luck.randrange(1, 1000) if isinstance(value, int) else value + luck.choice(" x0")
    return orjson.dumps(content)


@settings(max_examples=60)
@given(seed=st.integers(0), count=st.integers(1, 60))
def test_doubled_and_reordered_each_is_obeyed_at_most_once_and_never_late(seed: int, count: int) -> None:
    luck = Random(seed)
    lock = new_lock()
    commands = [command(luck.choice(("UNLOCK", "LOCK")), n, at=NOW + 1000 * n) for n in range(1, count + 1)]
    arriving = [(made.timestamp + 20, made) for made in commands]
    arriving += [(at + luck.randrange(60_000 if luck.random() < 1 / 3 else 500), made) for at, made in arriving]
    obeyed: Counter[int] = Counter()
    for at, made in sorted(arriving, key=lambda one: one[0]):
        if take_command(lock, signed(made), at).is_executed:
            obeyed[made.counter] += 1
            assert at <= made.expires_at
            assert made.counter == max(obeyed), "none that is overtaken"
    assert set(obeyed.values()) == {1}
    last = commands[max(obeyed) - 1]
    assert lock.record.is_locked is (last.command == "LOCK")


def _shuffled(lock: Lock, payloads: list[bytes], luck: Random) -> list[str]:
    """What becomes of payloads that come twice, and in any order."""
    doubled = payloads * 2
    luck.shuffle(doubled)
    return [take_command(lock, payload, NOW).verdict for payload in doubled]


@settings(max_examples=40)
@given(seed=st.integers(0), count=st.integers(1, REMEMBERED))
def test_in_any_order_every_second_copy_is_a_duplicate(seed: int, count: int) -> None:
    luck, lock = Random(seed), new_lock()
    verdicts = Counter(_shuffled(lock, [signed(command("LOCK", n)) for n in range(1, count + 1)], luck))
    assert verdicts["duplicate"] == count
    assert verdicts["executed"] + verdicts["rejected"] == count
    assert not [name for name, _ in told(lock) if name == "command_refused"]
