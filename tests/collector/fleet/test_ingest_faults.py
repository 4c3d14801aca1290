"""What befalls the fleet's collector, broker and database: nothing is lost, nothing doubled, and nothing stops."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from collector.fleet import canary
from collector.fleet.inbox import Inbox
from collector.fleet.packets import Heard
from tests.collector.daemons import Daemon
from tests.collector.fleet.command_house import CLAIM
from tests.collector.fleet.ingest_house import IngestHouse, Voice, open_house
from tests.collector.fleet.one_way import OneWay
from tests.support.databases import Database
from tests.support.waiting import wait_for

SOME = 50  # messages, enough to come in several reads


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[IngestHouse]:
    """Database and broker of one test."""
    with open_house(database, tmp_path) as opened:
        yield opened


@pytest.fixture
def lock(house: IngestHouse) -> Voice:
    """A lock that nobody used before."""
    return house.claim()


@pytest.fixture
def begin(house: IngestHouse, start: Callable[..., Daemon]) -> Callable[..., Daemon]:
    """Starts real collectors of this house."""

    def begin_one(name: str, **settings: Any) -> Daemon:
        return start(name, **{"WATCHHOUSE_DEMO": "1", "MQTT_URL": house.broker.url} | settings)

    return begin_one


def await_measured(house: IngestHouse, lock: Voice, last: int) -> None:
    """Until numbers 1 to `last` of boot 1 are stored, once each."""
    house.await_seen(lock, 1, f"{{[1,{last + 1})}}")
    assert house.measured(lock) == [(1, seq) for seq in range(1, last + 1)]


class Stumbling(Inbox):
    """Fails at one payload, as a fault of ours would."""

    def put(self, heard: Sequence[Heard], size: int) -> None:
        """Stumble, or take it."""
        if any(b"stumble" in one.payload for one in heard):
            raise ZeroDivisionError
        super().put(heard, size)


def test_an_exception_while_messages_are_taken_stops_nothing(house: IngestHouse, lock: Voice) -> None:
    with house.run_fleet(Stumbling()):
        lock.measure(1, 1)
        house.await_seen(lock, 1, "{[1,2)}")
        lock.publish("events", b"stumble")
        wait_for(lambda: house.letters(lock), what="it is kept aside")
        lock.measure(1, 2)
        await_measured(house, lock, 2)
    assert house.letters(lock) == [("a fault of ours: ZeroDivisionError", 7)]
    assert house.sample("callback_failures_total") == 1


def test_a_flood_of_dead_letters_is_counted_and_not_all_kept(house: IngestHouse, lock: Voice) -> None:
    other = house.claim()
    with house.run_fleet():
        for _ in range(700):
            lock.send("events", b"garbage")
        lock.measure(1, 1)
        house.await_seen(lock, 1, "{[1,2)}")
        other.publish("events", b"garbage")
        wait_for(lambda: house.letters(other), what="another's is kept all the same")
        assert house.sample("dead_letters_unkept_total") == 640
    assert len(house.letters(lock)) == 60


def test_what_the_broker_kept_of_a_deleted_lock_is_not_its_successors(house: IngestHouse, lock: Voice) -> None:
    with house.run_fleet():
        lock.call("online", 7, 9)
        lock.stand(7, 9, locked=False)
        house.await_seen(lock, 7, "{[9,10)}")
        house.database.rows("UPDATE devices SET deleted_at = now() WHERE id = %s", lock.id)
        [(successor, _, _)] = house.database.rows(CLAIM, "the-next@example.com", lock.device_id)
        house.notify_devices()
        wait_for(lambda: house.sample("topics_forgotten_total") == 2, what="the broker was told to forget")
    house.database.rows("UPDATE devices SET deleted_at = now() WHERE id = %s", successor)
    with house.run_fleet():
        lock.call("offline", 7, 9)
        wait_for(lambda: house.sample("topics_forgotten_total"), what="its will came after it had gone")
    [(_, owner, _)] = house.database.rows(CLAIM, "the-last@example.com", lock.device_id)
    with house.run_fleet():
        lock.measure(1, 1)
        wait_for(lambda: house.sample("messages_total", kind="telemetry"), what="it is heard")
    known = (
        "SELECT status_boot, state_boot FROM device_states s JOIN devices d ON d.id = s.device_id WHERE owner_id = %s"
    )
    assert house.database.rows(known, owner) == [(-1, -1)]
    assert [reason for reason, _ in house.letters(lock)] == ["unknown device"]


def test_a_full_inbox_leaves_messages_to_the_broker_while_a_table_is_locked(
    house: IngestHouse, lock: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "EVERY_SECONDS", 0.2)
    monkeypatch.setattr(canary, "OVERDUE_SECONDS", 1.5)
    inbox = Inbox(most_messages=20)
    with house.run_fleet(inbox):
        lock.measure(1, 1)
        house.await_seen(lock, 1, "{[1,2)}")
        holder = psycopg2.connect(house.database.owner_url)
        holder.cursor().execute("LOCK TABLE device_boots IN ACCESS EXCLUSIVE MODE")
        for seq in range(2, 500):
            lock.measure(1, seq)
        wait_for(lambda: house.sample("inbox_full_total"), what="it is full")
        wait_for(lambda: house.sample("batch_retries_total"), what="the batch was tried again")
        wait_for(lambda: not house.memory.is_listening, what="nobody is called silent meanwhile")
        assert inbox.messages < 400
        holder.close()
        await_measured(house, lock, 499)


def hold(house: IngestHouse, table: str, lock: Voice) -> Any:
    """A session that holds a row of a lock until it is closed."""
    holder = psycopg2.connect(house.database.owner_url)
    holder.cursor().execute(f"SELECT FROM {table} WHERE device_id = %s FOR UPDATE", [lock.id])
    return holder


def test_a_lock_whose_row_is_held_keeps_no_other_waiting_and_loses_nothing(house: IngestHouse, lock: Voice) -> None:
    chained, other = house.claim(), house.claim()
    with house.run_fleet():
        holders = [hold(house, "device_states", lock), hold(house, "device_chains", chained)]
        for seq in range(1, SOME):
            lock.measure(1, seq)
            chained.tell(1, seq, "tamper" if seq % 2 else "jam")
            other.measure(1, seq)
        await_measured(house, other, SOME - 1)
        wait_for(lambda: house.sample("blocked_devices") == 2, what="both are known to be held")
        assert (house.seen(lock), house.seen(chained)) == ({}, {})
        wait_for(lambda: not house.memory.is_listening, what="nobody is called silent meanwhile")
        retries = house.sample("batch_retries_total")
        chained.tell(1, SOME, "jam")
        other.measure(1, SOME)
        await_measured(house, other, SOME)
        assert house.sample("batch_retries_total") == retries
        holders[1].close()
        house.await_seen(chained, 1, f"{{[1,{SOME + 1})}}")
        wait_for(lambda: (1, SOME) in chained.told, what="it may forget them")
        assert (house.seen(lock), lock.told) == ({}, [])
    holders[0].close()
    with house.run_fleet():
        await_measured(house, lock, SOME - 1)
        assert house.sample("duplicates_total") == 0
    assert house.log(chained) == [("JAM", "TAMPER")[seq % 2] for seq in range(1, SOME + 1)]


def test_sessions_that_the_database_ends_lose_and_double_nothing(
    house: IngestHouse, lock: Voice, cut_sessions: Callable[[], int]
) -> None:
    with house.run_fleet():
        for seq in range(1, 60):
            lock.measure(1, seq)
            if seq % 20 == 0:
                wait_for(cut_sessions, what="there are sessions to end")
        await_measured(house, lock, 59)
        assert house.sample("lease") == 1


def test_an_online_that_the_broker_kept_proves_nothing(house: IngestHouse, lock: Voice) -> None:
    lock.call("online", 1, 1)
    lock.stand(1, 1, locked=False)
    with house.run_fleet():
        wait_for(lambda: house.state(lock, "status_conn", "state_seq") == (1, 1), what="both are taken")
        assert house.state(lock, "is_online", "is_locked", "last_seen_at") == (False, False, None)
    assert house.log(lock) == []


def test_a_killed_broker_is_found_again(house: IngestHouse, lock: Voice) -> None:
    with house.run_fleet():
        lock.measure(1, 1)
        house.await_seen(lock, 1, "{[1,2)}")
        lock.leave()
        house.broker.kill()
        wait_for(lambda: not house.memory.is_listening, what="the loss is noticed")
        assert house.sample("connected") == 0
        house.broker.start()
        wait_for(lambda: house.memory.is_listening, what="it is heard again")
        lock.measure(1, 2)
        await_measured(house, lock, 2)


def test_a_collector_killed_between_commit_and_acknowledgement_is_followed_by_the_other(
    house: IngestHouse, lock: Voice, begin: Callable[..., Daemon]
) -> None:
    way = OneWay(house.broker.port)
    anna = begin("anna", MQTT_URL=house.broker.url.replace(str(house.broker.port), str(way.port)), is_awaited=False)
    anna.wait(lambda: anna.sample("watchhouse_fleet_connected") == 1, "anna holds the fleet")
    berta = begin("berta", is_awaited=False)
    berta.wait(lambda: "fleet_standing_by" in berta.events(), "berta stands by")
    way.is_deaf = True
    for seq in range(1, SOME):
        lock.measure(1, seq)
        lock.tell(2, seq, "tamper")
    await_measured(house, lock, SOME - 1)
    house.await_seen(lock, 2, f"{{[1,{SOME})}}")
    assert berta.sample("watchhouse_fleet_lease") == 0
    anna.kill()
    way.close()
    berta.wait(lambda: berta.sample("watchhouse_fleet_duplicates_total") == 2 * (SOME - 1), "all came again")
    await_measured(house, lock, SOME - 1)
    assert house.log(lock) == ["TAMPER"] * (SOME - 1)


def test_a_collector_that_is_stopped_leaves_nothing_behind_and_finds_what_came_meanwhile(
    house: IngestHouse, lock: Voice
) -> None:
    with house.run_fleet():
        for seq in range(1, SOME):
            lock.measure(1, seq)
    for seq in range(SOME, 2 * SOME):
        lock.measure(1, seq)
    with house.run_fleet():
        await_measured(house, lock, 2 * SOME - 1)
        assert house.sample("duplicates_total") == 0
