"""The sweep: who is offline, who is not, and which commands are over."""

from threading import Thread

import pytest

from collector.jobs import sweep_fleet
from tests.collector.fleet.command_house import CommandHouse

FELL = ("OFFLINE", "Went offline", True)
SILENT = ("OFFLINE", "Not heard for 90 s", True)
HEARD = ("ONLINE", "Heard again", True)


def ago(seconds: float) -> str:
    return f"now() - interval '{seconds} s'"


@pytest.mark.parametrize(
    ("seen", "fell", "listened", "entries"),
    [
        pytest.param(1, 6, 1000, [FELL], id="fell and stayed away"),
        pytest.param(1, 3, 1000, [], id="may be a flap"),
        pytest.param(1, 6, 2, [], id="fell while nobody listened"),
        pytest.param(95, None, 1000, [SILENT], id="silent for three heartbeats"),
        pytest.param(80, None, 1000, [], id="silent for less"),
        pytest.param(600, None, 60, [], id="the database was away: nobody could be heard"),
        pytest.param(600, None, 95, [SILENT], id="silent ever since it is back"),
        pytest.param(5, None, 1000, [], id="heard"),
    ],
)
def test_it_says_who_is_offline(
    house: CommandHouse, seen: float, fell: float | None, listened: float, entries: list[tuple[str, str, bool]]
) -> None:
    device = house.claim(
        is_online="true", last_seen_at=ago(seen), offline_since=ago(fell) if fell else "NULL", status_boot="1"
    )
    for _ in range(2):
        sweep_fleet.JOB.run(house.context(sweep_fleet.JOB, listened=listened))
    assert house.log(device) == entries
    assert house.state(device, "is_online") is not bool(entries)


def test_it_blames_nobody_without_listening(house: CommandHouse) -> None:
    device = house.claim(is_online="true", last_seen_at=ago(600), status_boot="1")
    context = house.context(sweep_fleet.JOB)
    house.memory.stopped_listening()
    sweep_fleet.JOB.run(context)
    assert house.log(device) == []
    assert house.database.one(
        "SELECT NOT is_online_now(is_online, last_seen_at) FROM device_states WHERE device_id = %s", device.id
    ), "for people it is offline all the same"


def test_it_takes_back_silence_and_never_a_fall(house: CommandHouse) -> None:
    silent = house.claim(is_online="true", last_seen_at=ago(95), status_boot="1")
    fallen = house.claim(is_online="true", last_seen_at=ago(1), offline_since=ago(8), status_boot="1")
    never = house.claim(last_seen_at="now()")
    sweep_fleet.JOB.run(house.context(sweep_fleet.JOB))
    house.database.rows("UPDATE device_states SET last_seen_at = now() WHERE device_id = %s", silent.id)
    sweep_fleet.JOB.run(house.context(sweep_fleet.JOB))
    assert house.log(silent) == [SILENT, HEARD]
    assert house.log(fallen) == [FELL]
    assert house.log(never) == []
    assert house.state(silent, "is_online")
    assert not house.state(fallen, "is_online")
    assert not house.state(never, "is_online")


def test_it_ends_what_nobody_answered_once(house: CommandHouse) -> None:
    device = house.claim()
    unsent, open_one = house.ask(device, life=0.001), house.ask(device, "LOCK")
    unanswered, own = house.ask(device, life=0.001), house.ask(device, "CODES", user=None, life=0.001)
    house.database.rows("UPDATE device_commands SET status = 'sent', counter = 1 WHERE id = %s", unanswered)
    contexts = [house.context(sweep_fleet.JOB) for _ in range(4)]
    sweepers = [Thread(target=sweep_fleet.JOB.run, args=[context]) for context in contexts]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join()
    assert house.command(unsent) == ("expired", "it was not sent")
    assert house.command(unanswered) == ("expired", "the lock did not answer")
    assert house.command(own)[0] == "expired"
    assert house.command(open_one) == ("queued", None)
    assert house.log(device) == [
        ("UNLOCK", "Unlock failed: it was not sent", False),
        ("UNLOCK", "Unlock failed: the lock did not answer", False),
    ]
    people = house.database.rows("SELECT user_id::text, ip_address FROM device_logs WHERE device_id = %s", device.id)
    assert people == [(device.owner, "192.0.2.7")] * 2


def test_a_deleted_device_goes_without_a_word(house: CommandHouse) -> None:
    device = house.claim(is_online="true", last_seen_at=ago(95), status_boot="1")
    house.database.rows("UPDATE devices SET deleted_at = now() WHERE id = %s", device.id)
    sweep_fleet.JOB.run(house.context(sweep_fleet.JOB))
    assert not house.state(device, "is_online")
    assert house.log(device) == []
