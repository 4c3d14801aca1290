"""Partitions: made ahead, dropped on time, in nobody's way. `moment` is given, so that months pass in a second."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from collector.errors import CollectorError
from collector.job import Context
from collector.jobs import clean_up, make_partitions
from tests.support.waiting import wait_for

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
CHECK = """INSERT INTO checks (endpoint_id, slot, outcome, started_at, collector)
    VALUES (1, clock_timestamp(), 'operational', now(), 'anna')"""

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def owner(database: Any) -> Iterator[Any]:
    """A connection of the owner, in a transaction."""
    connection = psycopg2.connect(database.owner_url)
    yield connection
    connection.close()


def partitions(database: Any, table: str) -> list[str]:
    """The names of a table's partitions, in order."""
    return [
        name
        for (name,) in database.rows(
            """
        SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = %s::regclass ORDER BY child.relname""",
            table,
        )
    ]


def insert_week(database: Any, at: datetime) -> None:
    """A row a day in each table that grows, for a week."""
    database.rows(
        """
        WITH days AS (SELECT %s + step * interval '1 day' AS day FROM generate_series(0, 6) step),
            used AS (INSERT INTO usage_stats (user_id, action, at) SELECT gen_random_uuid(), 'read', day FROM days)
        INSERT INTO host_metrics SELECT 'anna', day, 1, 1, 1, 1, 1, 1, 1, 1, 1 FROM days""",
        at,
    )


def test_they_are_made_ahead(context_for: Callable[..., Context[Any]], database: Any) -> None:
    later = NOW + 100 * DAY
    make_partitions.run(context_for(make_partitions.JOB, lambda: later))
    days = [name.removeprefix("host_metrics_") for name in partitions(database, "host_metrics")]
    assert [(later + step * DAY).strftime("%Y%m%d") for step in range(-1, 8)] == days[-9:]
    assert f"usage_stats_{later:%Y%m}" in partitions(database, "usage_stats")


def test_no_row_meets_a_missing_one_though_runs_are_a_week_apart(
    context_for: Callable[..., Context[Any]], database: Any
) -> None:
    for step in range(0, 365, 7):
        week = NOW + step * DAY
        make_partitions.run(context_for(make_partitions.JOB, lambda week=week: week))
        insert_week(database, week)
    assert database.rows("SELECT count(*) FROM host_metrics") == [(53 * 7,)]


def test_of_two_who_make_the_same_at_once_the_second_finds_them(
    context_for: Callable[..., Context[Any]], database: Any, owner: Any
) -> None:
    later = NOW + 200 * DAY
    context = context_for(make_partitions.JOB, lambda: later)
    owner.cursor().execute("SELECT make_partitions(%s)", [later])
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(make_partitions.run, context)
        wait_for(lambda: database.rows(WAITING) == [(1,)], what="the second waits")
        owner.commit()
        second.result(timeout=10)
    assert context.metrics.made._value.get() == 0
    assert f"host_metrics_{later:%Y%m%d}" in partitions(database, "host_metrics")


def test_they_are_dropped_when_their_last_row_has_had_its_time(
    context_for: Callable[..., Context[Any]], database: Any
) -> None:
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    today = f"host_metrics_{NOW:%Y%m%d}"
    clean_up.run(context_for(clean_up.JOB, lambda: midnight + 31 * DAY - timedelta(seconds=1)))
    assert today in partitions(database, "host_metrics")
    clean_up.run(context_for(clean_up.JOB, lambda: midnight + 31 * DAY))
    assert partitions(database, "host_metrics")[0] == f"host_metrics_{NOW + DAY:%Y%m%d}"
    assert len(partitions(database, "usage_stats")) == 4


def test_making_one_waits_for_nobody_and_keeps_nobody_waiting(
    context_for: Callable[..., Context[Any]], database: Any, owner: Any
) -> None:
    with owner.cursor() as cursor:  # a long report, and a write that is not committed yet
        cursor.execute("SELECT count(*) FROM host_metrics")
        cursor.execute("INSERT INTO host_metrics VALUES ('berta', %s, 1, 1, 1, 1, 1, 1, 1, 1, 1)", [NOW])
        make_partitions.run(context_for(make_partitions.JOB, lambda: NOW + 50 * DAY))
    owner.commit()
    assert f"host_metrics_{NOW + 50 * DAY:%Y%m%d}" in partitions(database, "host_metrics")
    assert database.rows("SELECT count(*) FROM host_metrics") == [(1,)]


def test_dropping_one_holds_up_no_insert_though_somebody_reads_for_long(
    context_for: Callable[..., Context[Any]], database: Any, owner: Any
) -> None:
    is_over, slowest = threading.Event(), [0.0]

    def keep_inserting() -> None:
        with closing(psycopg2.connect(database.collector_url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not is_over.is_set():
                began = time.monotonic()
                cursor.execute(CHECK)
                slowest[0] = max(slowest[0], time.monotonic() - began)

    inserting = threading.Thread(target=keep_inserting)
    with owner.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM checks")
        inserting.start()
        with pytest.raises(CollectorError):
            clean_up.run(context_for(clean_up.JOB, lambda: NOW + 31 * DAY))
        is_over.set()
        inserting.join()
    assert 0 < slowest[0] < 0.3


def test_dropping_one_gives_way_to_a_reader_and_is_made_up_for(
    context_for: Callable[..., Context[Any]], database: Any, owner: Any
) -> None:
    context = context_for(clean_up.JOB, lambda: NOW + 31 * DAY)
    before = partitions(database, "host_metrics")
    with owner.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM host_metrics")
        with pytest.raises(CollectorError):  # and so the slot is free for another try, in some seconds
            clean_up.run(context)
    assert partitions(database, "host_metrics") == before
    owner.commit()
    clean_up.run(context)
    assert partitions(database, "host_metrics") == before[2:]
