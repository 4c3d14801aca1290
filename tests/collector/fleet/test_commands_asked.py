"""What the house asks of locks by itself: to take their code table, to send again what is missing."""

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

from collector.fleet.answers import Answer, end_commands
from collector.fleet.codes import LONGEST_PAUSE, pause_after
from collector.jobs import request_backfill, sync_codes
from common.lock_protocol.codes import table_hash
from common.lock_protocol.commands import write_params
from sql.engine import transaction
from sql.statements import run
from tests.collector.fleet.command_house import Claimed, CommandHouse

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
LOOKS = count(1000, 10)  # seconds after that
ONLINE = {"is_online": "true", "last_seen_at": "now()", "status_boot": "1"}
FRESH = {**ONLINE, "codes_version": "0", "codes_hash": "''"}


def sync(house: CommandHouse, at: datetime = NOW) -> None:
    sync_codes.JOB.run(house.context(sync_codes.JOB, clock=lambda: at))


def add_pin(house: CommandHouse, device: Claimed, **columns: Any) -> None:
    values = {"device_id": device.id, "name": "Cleaner", "verifier": "a verifier", "starts_at": NOW, **columns}
    house.database.rows(
        f"INSERT INTO access_pins ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})", *values.values()
    )
    house.database.rows("UPDATE devices SET codes_version = codes_version + 1 WHERE id = %s", device.id)


def take(house: CommandHouse, device: Claimed) -> dict[str, Any]:
    """The lock takes the last table that it was told, and says so."""
    params = house.commands(device, "CODES")[-1]
    house.database.rows(
        "UPDATE device_commands SET status = 'acknowledged', finished_at = now() WHERE device_id = %s", device.id
    )
    house.database.rows(
        "UPDATE device_states SET codes_version = %s, codes_hash = %s WHERE device_id = %s",
        params["version"],
        table_hash(write_params(params)),
        device.id,
    )
    return params


def test_a_lock_is_told_its_codes_until_it_has_them(house: CommandHouse) -> None:
    device = house.claim(**FRESH)
    sync(house)
    assert house.commands(device, "CODES") == [], "who never had a code needs no table"
    add_pin(house, device, max_uses=3, uses=1, schedule='[{"days": ["mon"], "from": "08:00", "to": "17:00"}]')
    add_pin(house, device, is_active=False)
    for _ in range(2):
        sync(house)
    [told] = house.commands(device, "CODES")
    assert (told["version"], told["timezone"]) == (2, "UTC")
    [code] = told["codes"]
    assert code | {"id": 0} == {
        "id": 0,
        "verifier": "a verifier",
        "starts_at": round(NOW.timestamp() * 1000),
        "expires_at": None,
        "schedule": [{"days": ["mon"], "from": "08:00", "to": "17:00"}],
        "max_uses": 3,
        "uses": 1,
    }
    take(house, device)
    sync(house)
    assert len(house.commands(device, "CODES")) == 1


def test_drift_is_found_and_mended(house: CommandHouse) -> None:
    device = house.claim(**FRESH)
    add_pin(house, device)
    sync(house)
    take(house, device)
    sync(house)
    house.database.rows("UPDATE device_states SET codes_hash = %s WHERE device_id = %s", "0" * 64, device.id)
    sync(house)
    first, second = house.commands(device, "CODES")
    assert first == second


def test_a_table_that_is_not_taken_is_told_ever_less_often(house: CommandHouse) -> None:
    device = house.claim(**FRESH)
    add_pin(house, device)
    for seconds in (0, 10, 16, 30, 50):
        sync(house, NOW + timedelta(seconds=seconds))
        house.database.rows(
            "UPDATE device_commands SET status = 'expired', finished_at = now() WHERE device_id = %s", device.id
        )
    assert len(house.commands(device, "CODES")) == 3, "at 0, 16 and 50 s"
    assert pause_after(1000) == LONGEST_PAUSE


def test_a_device_out_of_use_has_no_codes_in_its_lock(house: CommandHouse) -> None:
    device = house.claim(**FRESH)
    add_pin(house, device)
    sync(house)
    take(house, device)
    sync(house)
    house.database.rows("UPDATE devices SET status = 'INACTIVE' WHERE id = %s", device.id)
    sync(house)
    assert house.commands(device, "CODES")[-1]["codes"] == []


def test_nobody_is_told_who_is_offline_deleted_or_not_heard(house: CommandHouse) -> None:
    away, deleted, online = house.claim(**{**FRESH, "is_online": "false"}), house.claim(**FRESH), house.claim(**FRESH)
    for device in (away, deleted, online):
        add_pin(house, device)
    house.database.rows("UPDATE devices SET deleted_at = now() WHERE id = %s", deleted.id)
    context = house.context(sync_codes.JOB)
    house.memory.stopped_listening()
    sync_codes.JOB.run(context)
    assert house.commands(online, "CODES") == []
    sync(house)
    assert [len(house.commands(device, "CODES")) for device in (away, deleted, online)] == [0, 0, 1]


def see(house: CommandHouse, device: Claimed, boot: int, seen: str) -> None:
    house.database.rows(
        """INSERT INTO device_boots (device_id, boot, seen) VALUES (%s, %s, %s)
        ON CONFLICT (device_id, boot) DO UPDATE SET seen = excluded.seen""",
        device.id,
        boot,
        seen,
    )


def look(house: CommandHouse, seconds: float) -> None:
    at = NOW + timedelta(seconds=seconds)
    request_backfill.JOB.run(house.context(request_backfill.JOB, clock=lambda: at))


def test_a_gap_that_lasts_is_asked_for(house: CommandHouse) -> None:
    device, whole, brief = house.claim(**ONLINE), house.claim(**ONLINE), house.claim(**ONLINE)
    see(house, device, 7, "{[1,5),[9,12),[20,21)}")
    see(house, whole, 7, "{[1,21)}")
    see(house, brief, 7, "{[1,5),[6,9)}")
    look(house, 0)
    see(house, brief, 7, "{[1,9)}")
    assert house.commands(device, "BACKFILL") == [], "it may be on its way"
    for _ in range(2):
        look(house, 6)
    assert house.commands(device, "BACKFILL") == [{"boot": 7, "from": 5, "to": 8}]
    assert house.commands(whole, "BACKFILL") == house.commands(brief, "BACKFILL") == []


def test_a_missing_beginning_is_a_gap_and_one_is_asked_for_at_a_time(house: CommandHouse) -> None:
    device, offline = house.claim(**ONLINE), house.claim(status_boot="1")
    for lock in (device, offline):
        see(house, lock, 1, "{[4,6)}")
        see(house, lock, 2, "{[1,3),[8,9)}")
    look(house, 100)
    look(house, 106)
    look(house, 112)
    assert house.commands(device, "BACKFILL") == [{"boot": 1, "from": 1, "to": 3}]
    assert house.commands(offline, "BACKFILL") == []


def ask_in_vain(house: CommandHouse, device: Claimed, seconds: float) -> int:
    """How often a lock was asked by now; so many seconds ago it had let the last time pass."""
    at = next(LOOKS)
    house.database.rows(
        """UPDATE device_commands SET status = 'expired', finished_at = now() - %s * interval '1 second'
        WHERE device_id = %s""",
        seconds,
        device.id,
    )
    house.database.rows(
        "UPDATE device_boots SET asked_at = asked_at - interval '1 hour' WHERE device_id = %s", device.id
    )
    look(house, at)
    look(house, at + 6)
    return len(house.commands(device, "BACKFILL"))


def test_a_lock_that_never_answers_is_asked_ever_less_often(house: CommandHouse) -> None:
    device = house.claim(**ONLINE)
    see(house, device, 7, "{[1,5),[9,12)}")
    assert ask_in_vain(house, device, 0) == 1
    for times, pause in enumerate((30, 60, 120, 240, 480, 960, 1920, 3600, 3600), start=1):
        assert ask_in_vain(house, device, pause - 2) == times
        assert ask_in_vain(house, device, pause + 1) == times + 1
    see(house, device, 7, "{[1,7),[9,12)}")
    assert ask_in_vain(house, device, 0) == times + 2, "it has sent something"


def answer(house: CommandHouse, device: Claimed, command_id: str, result: str, reason: str | None) -> Any:
    word = Answer(UUID(device.id), UUID(command_id), result, reason, NOW, 9, 1)
    with transaction(house.engine) as connection:
        return end_commands(partial(run, connection), [word])


def test_a_gap_is_closed_when_the_lock_says_twice_that_it_forgot(house: CommandHouse) -> None:
    device = house.claim(**ONLINE)
    ids = []
    for first in (3, 4):
        ids.append(house.ask(device, "BACKFILL", user=None, params=f'{{"boot": 2, "from": {first}, "to": 6}}'))
        house.database.rows("UPDATE device_commands SET status = 'sent', counter = 1 WHERE id = %s", ids[-1])
    once = answer(house, device, ids[0], "failed", "forgotten")
    assert once.lost == [], "what it still has may come after its answer"
    house.database.rows("UPDATE device_commands SET finished_at = now() - interval '1 minute' WHERE id = %s", ids[0])
    twice = answer(house, device, ids[1], "failed", "forgotten")
    assert [(lost.boot, lost.first, lost.last) for lost in twice.lost] == [(2, 4, 6)]
    assert [(draft.event_type, draft.success) for draft in twice.drafts] == [("GAP", False)]


def test_an_answer_to_what_was_never_sent_is_nothing(house: CommandHouse) -> None:
    device = house.claim(**ONLINE)
    queued = house.ask(device)
    ended = answer(house, device, queued, "succeeded", None)
    assert (ended.ignored, ended.drafts, ended.outcomes) == (1, [], [])
    assert house.command(queued) == ("queued", None)


def test_who_answers_for_another_in_the_same_batch_changes_nothing_of_it(house: CommandHouse) -> None:
    devices = sorted((house.claim(**ONLINE) for _ in range(2)), key=house.uuid)
    for device, other in (devices, reversed(devices)):
        asked = house.ask(device)
        house.database.rows("UPDATE device_commands SET status = 'sent', counter = 1 WHERE id = %s", asked)
        words = [
            Answer(house.uuid(device), UUID(asked), "succeeded", None, NOW, 9, 1),
            Answer(house.uuid(other), UUID(asked), "failed", "hush", NOW, 9, 1),
        ]
        with transaction(house.engine) as connection:
            ended = end_commands(partial(run, connection), words)
        assert [(draft.device_id, draft.description) for draft in ended.drafts] == [(house.uuid(device), "Unlocked")]
        assert (house.command(asked), ended.ignored) == (("acknowledged", None), 1)
