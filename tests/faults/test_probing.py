"""The collector is killed at random while endpoints go down and come back; in the end each slot has one record, and the
states are those that the records say."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.states.intervals import Interval
from collector.states.steps import Observation, advance_all
from tests.collector.daemons import Daemon
from tests.collector.watching import DENSE, Site, assert_each_slot_once, watch_densely
from tests.support.long_runs import IS_LONG

KILLS = 100 if IS_LONG else 3
ENDPOINTS = 12
SECOND = timedelta(seconds=1)
SLACK = timedelta(seconds=2)
RESULTS = "SELECT count(*) FROM checks WHERE outcome <> 'missed'"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site().start()
    yield made
    made.stop()


@pytest.mark.timeout(KILLS * 10 + 60)
def test_no_slot_is_lost_or_doubled_and_states_follow_from_records(database: Any, tmp_path: Path, site: Site) -> None:
    database.rows(DENSE)
    chance = random.Random(3)
    endpoints = [watch_densely(database, str(number), f"{site.url}/{number}") for number in range(ENDPOINTS)]
    daemon = Daemon(tmp_path / "anna.log", "anna", DATABASE_URL=database.collector_url, PROBE_ALLOW="127.0.0.0/8")
    try:
        for _ in range(KILLS):
            turn_some(site, chance)
            enough = database.one(RESULTS) + chance.randrange(1, 3 * ENDPOINTS)
            daemon.wait(lambda enough=enough: database.one(RESULTS) >= enough, "checks", limit=20)
            daemon.kill()
            daemon.restart()
        daemon.await_health()
        site.statuses.clear()
        daemon.wait(lambda: all_operational(database), "all is well again", limit=20)
        assert daemon.stop() == 0
    finally:
        daemon.kill()
    assert_each_slot_once(database)
    for endpoint in endpoints:
        assert stored(database, endpoint) == recomputed(database, endpoint)


def turn_some(site: Site, chance: random.Random) -> None:
    """Some go down, some come back."""
    for number in range(ENDPOINTS):
        site.statuses[f"/{number}"] = chance.choice([200, 200, 500])


def all_operational(database: Any) -> bool:
    return database.rows("SELECT DISTINCT state FROM endpoint_states") == [("operational",)]


def stored(database: Any, endpoint: int) -> list[Interval]:
    """The intervals that were kept step by step."""
    rows = database.rows(
        "SELECT state, began_at, ended_at FROM state_intervals WHERE endpoint_id = %s ORDER BY began_at", endpoint
    )
    return [Interval(*row) for row in rows]


def recomputed(database: Any, endpoint: int) -> list[Interval]:
    """The intervals that all records lead to, folded at once."""
    rows = database.rows(
        """SELECT slot, started_at, duration_ms, outcome FROM checks
        WHERE endpoint_id = %s AND outcome <> 'missed' ORDER BY slot""",
        endpoint,
    )
    observations = []
    for slot, started_at, duration_ms, outcome in rows:
        ended_at = started_at + timedelta(milliseconds=duration_ms)
        next_slot = slot + max(1, -((slot - ended_at) // SECOND)) * SECOND
        observations.append(Observation(started_at, ended_at, outcome, next_slot + SLACK))
    step = advance_all(None, observations)
    return list(step.tail or ()) if step else []
