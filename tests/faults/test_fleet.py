"""The fleet under faults: collector, broker and PostgreSQL are killed, the network is cut, messages come twice, late.

What locks wrote down is stored, once, and chained; who is online is told truly; no command is obeyed twice or late.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any

import pytest

from collector.commands.verify_logs import verify
from collector.jobs import sweep_fleet
from tests.collector.fleet.command_house import Claimed
from tests.support.fleet_house import BusyLocks, FleetHouse, run_fleet_house
from tests.support.long_runs import IS_LONG, Tell
from tests.support.processes import DEVICE_KEY
from tests.support.waiting import wait_for

LOCKS, EVENTS = (60, 1_000_000) if IS_LONG else (20, 5_000)
KILLS = 20 if IS_LONG else 3
CUT_SECONDS = (0.1, 2.0) if IS_LONG else (0.1, 0.5)
CUT_EACH = 3  # kills; the network is cut after each third
PROGRESS_SECONDS = 600 if IS_LONG else 60
TOLD_SECONDS = 600 if IS_LONG else 60
FEW = 6
FLAPS, FLAP_SECONDS = (5, 2.0) if IS_LONG else (1, 0.8)
SILENCE_SECONDS = 90
COMMANDS = 150 if IS_LONG else 24
SHORT_LIFE = 0.15  # seconds; many of these are over before the command is there
LIMIT = 3600 if IS_LONG else 150

EVENT_ENTRIES = (
    "SELECT boot, seq, event_type FROM device_logs"
    " WHERE device_id = %s AND boot IS NOT NULL AND event_type <> ALL ('{UNLOCK,LOCK,REBOOT,GAP}')"
)
MEASURED = "SELECT boot, seq, 'TELEMETRY' FROM device_telemetry WHERE device_id = %s"
OPEN = "SELECT count(*) FROM device_commands WHERE status IN ('queued', 'sent')"
ONLINE = (
    "SELECT count(*) FILTER (WHERE is_online), count(*) FILTER (WHERE is_online_now(is_online, last_seen_at))"
    " FROM device_states WHERE device_id = ANY (%s::uuid[])"
)
LEFT = (
    "SELECT count(*) FROM device_logs"
    " WHERE event_type = 'OFFLINE' AND created_at > now() - interval '10 minutes' AND device_id = ANY (%s::uuid[])"
)
EARLIER = (
    "UPDATE device_states SET last_seen_at = last_seen_at - %s * interval '1 second',"
    " offline_since = offline_since - %s * interval '1 second' WHERE device_id = ANY (%s::uuid[])"
)

pytestmark = pytest.mark.timeout(LIMIT)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetHouse]:
    """One for all trials here, one after the other; each has locks of its own."""
    with run_fleet_house(tmp_path_factory.mktemp("fleet")) as found:
        yield found


def test_whatever_is_killed_each_event_is_stored_once_and_chained(house: FleetHouse, tell: Tell) -> None:
    claimed, began = house.claim(LOCKS), monotonic()
    faults = {"doubled": 0.05, "delayed": 0.1, "restarts": 0.0005 if IS_LONG else 0.01}
    pause = 0.12 if IS_LONG else 0.15
    with house.locks(claimed, events=EVENTS // LOCKS, pause=pause, **faults) as locks:
        kill_at_random(house, locks, random.Random(5))
        hasten(house)
        locks.await_told(TOLD_SECONDS)
    seconds = monotonic() - began
    told = sum(len(page["told"]) for page in locks.ledger.values())
    tell("kills", {"kills": KILLS, "events": EVENTS, "messages": told, "seconds": round(seconds)})
    assert_exact(house, claimed, locks)
    verified = {one.id: one for one in verify(house.rows.engine, DEVICE_KEY, None)}
    assert [verified[house.rows.uuid(one)].first_bad for one in claimed] == [None] * LOCKS
    assert sum(one.rows for one in verified.values()) > EVENTS / 2
    assert told > EVENTS


def test_what_only_a_killed_broker_had_is_told_again(house: FleetHouse) -> None:
    claimed = house.claim(FEW)
    with house.locks(claimed, events=60) as locks:
        locks.await_online()
        house.collector.kill()
        locks.await_left(0, PROGRESS_SECONDS)
        house.broker.kill()
        house.collector.restart()
        house.broker.start()
        hasten(house)
        locks.await_told(TOLD_SECONDS)
    assert_exact(house, claimed, locks)


def test_a_flap_takes_no_lock_offline_and_a_fall_does(house: FleetHouse) -> None:
    claimed = house.claim(FEW)
    house.await_listening()
    with house.locks(claimed) as locks:
        wait_for(lambda: online(house, claimed) == (FEW, FEW), seconds=30, what="all are online")
        for _ in range(FLAPS):
            connections = {one.id: house.state(one, "status_conn") for one in claimed}
            house.cut_network(FLAP_SECONDS)
            wait_for(lambda known=connections: has_come_back(house, claimed, known), seconds=30, what="all came back")
            assert online(house, claimed) == (FEW, FEW)
        assert house.database.one(LEFT, ids(claimed)) == 0
        locks.kill()
    wait_for(lambda: all(house.state(one, "offline_since") != (None,) for one in claimed), what="their wills are heard")
    assert online(house, claimed) == (FEW, FEW)
    pass_time(house, claimed, 0 if IS_LONG else 6)
    wait_for(lambda: online(house, claimed) == (0, 0), what="the sweep has seen them fall")
    assert house.database.one(LEFT, ids(claimed)) == FEW


def test_after_a_killed_broker_nobody_is_online_who_is_not_heard(house: FleetHouse) -> None:
    claimed = house.claim(FEW)
    house.await_listening()
    with house.locks(claimed) as locks:
        wait_for(lambda: online(house, claimed) == (FEW, FEW), seconds=30, what="all are online")
        house.broker.save()
        house.broker.kill()
        locks.kill()
    pass_time(house, claimed, SILENCE_SECONDS)
    wait_for(lambda: online(house, claimed)[1] == 0, seconds=SILENCE_SECONDS + 2, what="nobody seems online")
    assert online(house, claimed) == (FEW, 0), "who does not listen blames nobody"
    house.broker.start()  # and says to the collector what it kept: that all are online
    house.await_listening()
    sweep_once(house, listened=SILENCE_SECONDS - 1)
    assert online(house, claimed) == (FEW, 0)
    if not IS_LONG:
        sweep_once(house, listened=SILENCE_SECONDS + 1)
    wait_for(lambda: online(house, claimed) == (0, 0), seconds=SILENCE_SECONDS + 10, what="the sweep has missed them")
    assert house.database.one(LEFT, ids(claimed)) == FEW


def test_doubled_and_reordered_no_command_is_obeyed_twice_or_late(house: FleetHouse, tell: Tell) -> None:
    claimed = house.claim(FEW)
    house.await_listening()
    with house.locks(claimed, events=20, doubled=1.0, delayed=1 / 3, longest=1.0) as locks:
        locks.await_online()
        asked = {house.rows.ask(one, name, life=life): one for one in claimed for name, life in orders()}
        wait_for(lambda: house.database.one(OPEN) == 0, seconds=60 + COMMANDS, what="all have ended")
        locks.await_told(TOLD_SECONDS)
    ends = {command: house.rows.command(command) for command in asked}
    taken = [row for page in locks.ledger.values() for row in page["taken"]]
    obeyed = Counter(command for command, verdict, *_ in taken if verdict == "executed" and command in asked)
    late = [row for row in taken if row[1] == "executed" and row[3] > 0]
    verdicts = Counter(verdict for _, verdict, *_ in taken)
    tell(
        "doubled and reordered", {"commands": len(asked), **verdicts, **Counter(status for status, _ in ends.values())}
    )
    assert (max(obeyed.values()), late) == (1, [])
    assert verdicts["duplicate"] > len(obeyed) / 2, verdicts
    assert sum(reason == "expired" for _, _, reason, *_ in taken) > 0, verdicts
    assert {command for command, (status, _) in ends.items() if status == "acknowledged"} <= obeyed.keys()
    assert {ends[command] for command in obeyed} <= {
        ("acknowledged", None),
        ("expired", "obeyed, but too late to count"),
    }, {ends[command] for command in obeyed}
    assert_exact(house, claimed, locks)


def kill_at_random(house: FleetHouse, locks: BusyLocks, chance: random.Random) -> None:
    """kill -9, each kind as often, while events happen; the collector has heard some since the last."""
    kinds = [house.kill_collector, house.kill_broker, house.kill_database, house.kill_backend][: max(KILLS, 3)]
    for number in range(KILLS):
        left = EVENTS * (KILLS - number - chance.random() / 2) / (KILLS + 1)
        locks.await_left(int(left), PROGRESS_SECONDS)
        house.await_listening()
        kinds[number % len(kinds)]()
        if number % CUT_EACH == CUT_EACH - 1:
            house.cut_network(chance.uniform(*CUT_SECONDS))


def hasten(house: FleetHouse) -> None:
    """Locks that were not told wait 20 s before they say it again; on a new connection they do at once."""
    house.await_listening()
    if not IS_LONG:
        house.cut_network(0.1)


def orders() -> list[tuple[str, float]]:
    """What each lock is told, and for how long that is good; 0: as long as is usual."""
    return [(("UNLOCK", "LOCK")[number % 2], SHORT_LIFE if number % 3 == 0 else 0) for number in range(COMMANDS)]


def online(house: FleetHouse, claimed: Sequence[Claimed]) -> tuple[Any, ...]:
    """How many the table calls online, and how many people see so."""
    return house.database.rows(ONLINE, ids(claimed))[0]


def has_come_back(house: FleetHouse, claimed: Sequence[Claimed], known: dict[str, tuple[Any, ...]]) -> bool:
    """Whether all have a newer connection."""
    return all(house.state(one, "status_conn") > known[one.id] for one in claimed)


def pass_time(house: FleetHouse, claimed: Sequence[Claimed], seconds: float) -> None:
    """All that the table knows of these was so much earlier; in a long run time passes by itself."""
    if not IS_LONG:
        house.database.rows(EARLIER, seconds, seconds, ids(claimed))


def sweep_once(house: FleetHouse, *, listened: float) -> None:
    """What a collector does that has heard the fleet for so many seconds."""
    sweep_fleet.perform(house.rows.context(sweep_fleet.JOB, listened=listened))


def ids(claimed: Sequence[Claimed]) -> list[str]:
    return [one.id for one in claimed]


def assert_exact(house: FleetHouse, claimed: Sequence[Claimed], locks: BusyLocks) -> None:
    """The locks' ledger is what is stored: nothing lost, nothing doubled, nothing else; and how they are is known.

    A heartbeat of the last moment may be on its way; whatever a lock was told to be stored must be.
    """
    for one in claimed:
        page = locks.ledger[one.device_id]
        untold = {(boot, seq) for boot, seq in page["untold"]}
        told = Counter((boot, seq, name) for boot, seq, kind, name in page["told"] if kind in ("events", "telemetry"))
        stored = Counter(row for query in (EVENT_ENTRIES, MEASURED) for row in house.database.rows(query, one.id))
        lost = [message for message in (told - stored).elements() if message[:2] not in untold]
        assert (page["forgotten"], lost, stored - told) == (0, [], Counter())
        assert house.state(one, "is_locked") == (page["is_locked"],)
    assert house.database.one("SELECT count(*) FROM device_logs WHERE event_type = 'GAP'") == 0
