"""Commands from the table to a lock and back: a real collector, a real broker, a lock with the simulated firmware."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from common.lock_protocol.codes import table_hash
from common.lock_protocol.commands import is_signed, read_command
from common.lock_protocol.keys import derive_key
from tests.collector.daemons import Daemon
from tests.collector.fleet.command_house import Claimed, CommandHouse
from tests.collector.fleet.played_lock import PlayedLock
from tests.support.broker import Broker, run_broker
from tests.support.processes import DEVICE_KEY
from tests.support.waiting import wait_for

PASSWORD = "a lock's own"
LOCKS = [f"live-{number}" for number in range(1, 22)]

Play = Callable[..., tuple[Claimed, PlayedLock]]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with run_broker(tmp_path_factory.mktemp("broker"), dict.fromkeys(LOCKS, PASSWORD)) as found:
        yield found


@pytest.fixture(scope="module")
def devices(house: CommandHouse) -> list[Claimed]:
    """Claimed before anybody connects, each for one test."""
    return [house.claim(name) for name in LOCKS]


@pytest.fixture(scope="module")
def collector(
    house: CommandHouse, devices: list[Claimed], broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daemon]:
    log = tmp_path_factory.mktemp("collector") / "anna.log"
    daemon = Daemon(log, "anna", DATABASE_URL=house.database.collector_url, MQTT_URL=broker.url)
    daemon.await_health().wait(lambda: daemon.sample("watchhouse_fleet_connected") == 1, "the fleet's link")
    yield daemon
    daemon.kill()


@pytest.fixture
def play(house: CommandHouse, broker: Broker, collector: Daemon, devices: list[Claimed]) -> Iterator[Play]:
    """Plays the lock of a device, online once it is given; mute ones only listen."""
    playing: list[PlayedLock] = []

    def begin(*, obeys: bool = True) -> tuple[Claimed, PlayedLock]:
        device = devices.pop()
        lock = PlayedLock(broker.port, device.device_id, command_key(device), PASSWORD)
        lock.obeys = obeys
        lock.start()
        playing.append(lock)
        collector.wait(lambda: house.state(device, "is_online"), "the lock is online")
        return device, lock

    yield begin
    for lock in playing:
        lock.leave()


def command_key(device: Claimed) -> bytes:
    """What a device's commands are signed with."""
    return derive_key(DEVICE_KEY, "command", UUID(device.id), 1)


def await_end(house: CommandHouse, command_id: str) -> tuple[str, str | None]:
    """Status and reason once it is over."""
    return wait_for(lambda: (found := house.command(command_id))[0] not in ("queued", "sent") and found)


def hasten(house: CommandHouse, command_id: str) -> None:
    """Time passes: a command that was not answered is due again."""
    house.database.rows("UPDATE device_commands SET retry_at = now() WHERE id = %s", command_id)
    house.database.rows("NOTIFY device_commands")


def await_received(house: CommandHouse, command_id: str) -> None:
    """Return once the lock's answer is stored."""
    wait_for(lambda: house.database.one("SELECT received_at FROM device_commands WHERE id = %s", command_id))


def test_a_command_is_signed_obeyed_and_logged(house: CommandHouse, play: Play, collector: Daemon) -> None:
    device, lock = play()
    asked = house.ask(device)
    assert await_end(house, asked) == ("acknowledged", None)
    command, signature = read_command(lock.heard[0])
    assert is_signed(command_key(device), device.device_id, command, signature)
    assert (command.command_id, command.command, command.user_id) == (asked, "UNLOCK", device.owner)
    assert command.expires_at - command.timestamp <= 15_000
    wait_for(lambda: not house.state(device, "is_locked"))
    assert ("UNLOCK", "Unlocked", True) in house.log(device)
    people = "SELECT user_id::text, ip_address, boot FROM device_logs WHERE device_id = %s AND event_type = 'UNLOCK'"
    assert house.database.rows(people, device.id) == [(device.owner, "192.0.2.7", 1)]
    assert collector.sample('watchhouse_fleet_commands_total{command="UNLOCK",outcome="acknowledged"}') >= 1
    assert collector.sample('watchhouse_fleet_command_seconds_count{command="UNLOCK"}') >= 1


def test_commands_go_in_the_order_of_asking(house: CommandHouse, play: Play) -> None:
    device, lock = play()
    asked = [house.ask(device, name) for name in ("UNLOCK", "LOCK", "UNLOCK", "LOCK", "REBOOT")]
    assert [await_end(house, command_id)[0] for command_id in asked] == ["acknowledged"] * 5
    assert [command["command_id"] for command in lock.commands()] == asked
    counters = [command["counter"] for command in lock.commands()]
    assert counters == sorted(set(counters))
    assert lock.lock.record.boot == 2
    assert ("REBOOT", "Rebooted", True) in house.log(device)


def test_it_is_sent_again_to_the_byte_until_the_lock_has_it(house: CommandHouse, play: Play) -> None:
    device, lock = play(obeys=False)
    asked = house.ask(device)
    wait_for(lambda: lock.heard)
    hasten(house, asked)
    wait_for(lambda: len(lock.heard) == 2)
    assert lock.heard[0] == lock.heard[1]
    lock.answer(asked, "received")
    await_received(house, asked)
    hasten(house, asked)
    house.ask(device, "LOCK")
    wait_for(lambda: lock.commands("LOCK"))
    assert len(lock.commands("UNLOCK")) == 2, "who has it needs no more"
    lock.answer(asked, "failed", "jammed")
    assert await_end(house, asked) == ("failed", "jammed")
    assert ("UNLOCK", "Unlock failed: jammed", False) in house.log(device)


@pytest.mark.parametrize(
    ("answers", "end"),
    [
        pytest.param([("rejected", "superseded")], ("rejected", "superseded"), id="overtaken"),
        pytest.param([("duplicate", None), ("succeeded", None)], ("acknowledged", None), id="a duplicate ends nothing"),
        pytest.param(
            [("succeeded", None), ("failed", "second thoughts")], ("acknowledged", None), id="the first end holds"
        ),
    ],
)
def test_an_answer_ends_a_command_once(
    house: CommandHouse, play: Play, answers: list[tuple[str, str | None]], end: tuple[str, str | None]
) -> None:
    device, lock = play(obeys=False)
    asked = house.ask(device, "LOCK")
    wait_for(lambda: lock.heard)
    for result, reason in answers:
        lock.answer(asked, result, reason)
    assert await_end(house, asked) == end
    assert len([entry for entry in house.log(device) if entry[0] == "LOCK"]) == 1


def test_nobody_answers_for_another_lock(house: CommandHouse, play: Play, collector: Daemon) -> None:
    device, lock = play(obeys=False)
    _, other = play()
    asked = house.ask(device)
    wait_for(lambda: lock.heard)
    before = collector.sample("watchhouse_fleet_answers_ignored_total")
    other.answer(asked, "succeeded")
    other.answer("00000000-0000-4000-8000-000000000000", "failed")
    collector.wait(lambda: collector.sample("watchhouse_fleet_answers_ignored_total") == before + 2, "both ignored")
    assert house.command(asked) == ("sent", None)


def test_an_unlock_is_not_sent_after_its_life(house: CommandHouse, play: Play) -> None:
    device, lock = play(obeys=False)
    asked = house.ask(device, life=0.3)
    wait_for(lambda: lock.heard)
    assert await_end(house, asked) == ("expired", "the lock did not answer")
    house.database.rows(
        "UPDATE device_commands SET status = 'sent', finished_at = NULL, retry_at = now() WHERE id = %s", asked
    )
    house.ask(device, "LOCK")
    wait_for(lambda: lock.commands("LOCK"))
    assert len(lock.commands("UNLOCK")) == 1
    assert await_end(house, asked)[0] == "expired"
    lock.answer(asked, "succeeded")
    wait_for(lambda: house.command(asked)[1] == "obeyed, but too late to count")
    assert house.command(asked)[0] == "expired"
    assert house.log(device)[-1] == ("UNLOCK", "Unlocked: after it had expired", True)


def test_who_lost_the_right_opens_nothing(house: CommandHouse, play: Play) -> None:
    device, lock = play(obeys=False)
    guests = [house.claim().owner for _ in range(4)]
    shares: list[tuple[str, str]] = [
        (guests[0], "is_active = false"),
        (guests[1], "valid_until = now() - interval '1 s', valid_from = now() - interval '1 h'"),
        (guests[2], "can_unlock = false"),
    ]
    for guest, change in shares:
        house.database.rows("INSERT INTO device_shares (device_id, user_id) VALUES (%s, %s)", device.id, guest)
        house.database.rows(f"UPDATE device_shares SET {change} WHERE user_id = %s", guest)
    for guest in guests:
        house.ask(device, user=guest)
    house.ask(device, "LOCK", user=guests[2])
    wait_for(lambda: lock.heard)
    assert [command["command"] for command in lock.commands()] == ["LOCK"]


def test_who_is_disabled_opens_nothing(house: CommandHouse, play: Play) -> None:
    device, lock = play(obeys=False)
    other, witness = play(obeys=False)
    sent = house.ask(device)
    wait_for(lambda: lock.heard)
    house.database.rows("UPDATE app_users SET is_active = false WHERE id = %s", device.owner)
    house.database.rows("UPDATE device_commands SET retry_at = now() WHERE id = %s", sent)
    waiting = house.ask(device, "LOCK")
    house.ask(other)
    wait_for(lambda: witness.heard)
    assert (house.command(sent), house.command(waiting)) == (("sent", None), ("queued", None))
    assert [command["command"] for command in lock.commands()] == ["UNLOCK"]


@pytest.mark.parametrize("change", ["deleted_at = now()", "status = 'INACTIVE'"])
def test_a_lock_out_of_use_is_told_nothing(house: CommandHouse, play: Play, change: str) -> None:
    device, lock = play(obeys=False)
    other, witness = play(obeys=False)
    house.database.rows(f"UPDATE devices SET {change} WHERE id = %s", device.id)
    refused = house.ask(device)
    house.ask(other)
    wait_for(lambda: witness.heard)
    assert house.command(refused) == ("queued", None)
    assert lock.commands("UNLOCK") == []


def test_what_a_killed_sender_claimed_is_sent_by_the_next(house: CommandHouse, play: Play) -> None:
    device, _ = play()
    [(claimed,)] = house.database.rows(
        """WITH counted AS (UPDATE device_states SET command_counter = 1 WHERE device_id = %s RETURNING device_id)
        INSERT INTO device_commands (device_id, user_id, command, status, counter, tries, sent_at, retry_at, expires_at)
        SELECT device_id, %s, 'UNLOCK', 'sent', 1, 1, now(), now(), now() + interval '15 s' FROM counted
        RETURNING id::text""",
        device.id,
        device.owner,
    )
    assert await_end(house, claimed) == ("acknowledged", None)


def test_a_lock_obeys_though_the_database_forgot_what_it_was_sent(house: CommandHouse, play: Play) -> None:
    device, lock = play()
    for _ in range(2):
        assert await_end(house, house.ask(device, "LOCK")) == ("acknowledged", None)
        house.database.rows("UPDATE device_states SET command_counter = 0 WHERE device_id = %s", device.id)
    counters = [command["counter"] for command in lock.commands()]
    assert counters[0] < counters[1]


def test_a_lock_that_comes_back_in_time_hears_it(house: CommandHouse, play: Play) -> None:
    device, lock = play()
    lock.leave()
    asked = house.ask(device)
    wait_for(lambda: house.command(asked)[0] == "sent")
    lock.connect()
    wait_for(lambda: hasten(house, asked) or house.command(asked)[0] == "acknowledged")
    assert len(lock.commands()) >= 1


def test_codes_reach_the_lock_and_drift_is_mended(house: CommandHouse, play: Play) -> None:
    device, lock = play()
    house.database.rows(
        "INSERT INTO access_pins (device_id, name, verifier) VALUES (%s, 'Cleaner', 'a verifier')", device.id
    )
    house.database.rows("UPDATE devices SET codes_version = 1 WHERE id = %s", device.id)

    def has_them() -> Any:
        house.database.rows("NOTIFY devices")
        told = lock.commands("CODES")
        return told and house.state(device, "codes_hash") == table_hash(told[-1]["params"]) and told

    assert len(wait_for(has_them)) == 1
    wait_for(lambda: house.command(lock.commands("CODES")[0]["command_id"])[0] == "acknowledged")
    told = "SELECT params FROM device_commands WHERE id = %s"
    assert house.database.one(told, lock.commands("CODES")[0]["command_id"]) == {}, "no verifier outlives its code"

    def forget(core: Any, now: int) -> None:
        core.record.table.hash = "0" * 64
        core.tell_state(now)

    lock.say(forget)
    wait_for(lambda: house.state(device, "codes_hash") == "0" * 64)
    wait_for(lambda: (told := has_them()) and len(told) == 2)
    assert lock.lock.record.table.version == 1
    assert [entry for entry in house.log(device) if entry[0] == "CODES"] == []


def test_a_gap_is_filled(house: CommandHouse, play: Play) -> None:
    device, lock = play()

    def jam_unheard(core: Any, now: int) -> None:
        core.jam(now)
        core.outbox.release(core.outbox.take_fresh())
        core.outbox.due()
        core.tell_telemetry(now, rssi=-60, temperature=None)

    lock.say(jam_unheard)
    gap = (
        "SELECT upper(range_merge(seen)) - 1 - (SELECT sum(upper(r) - lower(r)) FROM unnest(seen) r) FROM device_boots"
    )
    wait_for(lambda: house.database.one(f"{gap} WHERE device_id = %s", device.id) == 2)
    numbers = f'{{"boot": 1, "from": 3, "to": {lock.lock.record.seq - 1}}}'
    asked = house.ask(device, "BACKFILL", user=None, params=numbers)
    assert await_end(house, asked) == ("acknowledged", None)
    wait_for(lambda: house.database.one(f"{gap} WHERE device_id = %s", device.id) == 0)
    assert "JAM" in [entry[0] for entry in house.log(device)]
