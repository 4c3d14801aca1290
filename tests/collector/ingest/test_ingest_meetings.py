"""Ingest meets others: a second reader, a roll-up, an erasure, a database that is away. Nothing is stored twice."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from prometheus_client import Gauge
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from collector.job import Context
from collector.jobs import ingest_requests
from common.clock import utc_now
from sql.engine import make_engine
from tests.collector.ingest.journal import Line, Writer, assert_stored, stored_ids, text_of
from tests.support.ports import free_port
from tests.support.waiting import wait_for

Start = Callable[..., Context[Any]]

NOW = utc_now()
LINES = [Line(NOW, number) for number in range(6)]
ANNA, BOB = "0d9488a4-7c3b-4b1e-8f52-6a3cf4b1a001", "0d9488a4-7c3b-4b1e-8f52-6a3cf4b1a002"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@contextmanager
def meeting(database: Any, context: Context[Any], statement: str, *values: Any) -> Iterator[None]:
    """A run that comes to wait for what somebody has done; that is committed after the block, and the run goes on."""
    run = threading.Thread(target=ingest_requests.run, args=[context])
    with closing(psycopg2.connect(database.owner_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        run.start()
        wait_for(lambda: database.one(WAITS), what="the run waits")
        yield
    run.join()


def test_a_position_that_another_reader_moved_is_believed(collector: Start, writer: Writer, database: Any) -> None:
    context, path = collector(), writer.open(text_of(LINES[:1]))
    ingest_requests.run(context)
    writer.append(path, text_of(LINES[1:]))
    database.rows("UPDATE journal_segments SET position = %s", len(text_of(LINES[:3])))
    with capture_logs() as logs:
        ingest_requests.run(context)
    assert [entry["event"] for entry in logs] == ["journal_position_differs"]
    assert stored_ids(database) == [LINES[0].id]
    ingest_requests.run(context)
    assert stored_ids(database) == [line.id for line in (LINES[0], *LINES[3:])]


def test_of_two_who_begin_a_segment_at_once_one_stores_it(collector: Start, writer: Writer, database: Any) -> None:
    context, path = collector(), writer.open(text_of(LINES))
    insert = "INSERT INTO journal_segments (name, host, position) VALUES (%s, 'berta', %s)"
    with capture_logs() as logs, meeting(database, context, insert, path.name, len(text_of(LINES))):
        pass
    assert "journal_position_differs" in [entry["event"] for entry in logs]
    ingest_requests.run(context)
    assert stored_ids(database) == []


def test_an_hour_that_is_being_rolled_up_is_dirty_again_after_it(
    collector: Start, writer: Writer, database: Any
) -> None:
    context, path = collector(), writer.open(text_of(LINES[:1]))
    ingest_requests.run(context)
    writer.append(path, text_of(LINES[1:]))
    with meeting(database, context, "DELETE FROM request_dirty_hours"):
        assert stored_ids(database) == [LINES[0].id]
    assert_stored(database, LINES)


def test_a_roll_up_waits_for_lines_that_are_being_stored(collector: Start, writer: Writer, database: Any) -> None:
    context, path = collector(), writer.open(text_of(LINES[:1]))
    ingest_requests.run(context)
    writer.append(path, text_of(LINES[1:]))
    with meeting(database, context, "SELECT FROM journal_hours FOR UPDATE"):
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            database.rows("SET lock_timeout = '100ms'; DELETE FROM request_dirty_hours")
        assert stored_ids(database) == [LINES[0].id]
    assert_stored(database, LINES)


def test_lines_of_the_erased_come_as_nobodys_up_to_when_they_asked(
    collector: Start, writer: Writer, database: Any
) -> None:
    asked = NOW + timedelta(seconds=1)
    before = replace(LINES[0], at=asked, user_id=ANNA.upper(), rest=("::1", "curl", "r", "Title", "Detail ü"))
    after, other = Line(asked + timedelta(microseconds=1), 1, user_id=ANNA), replace(LINES[2], user_id=BOB)
    writer.open(text_of([before, after, other]))
    context = collector()
    with meeting(
        database,
        context,
        "SELECT pg_advisory_xact_lock(hashtext('request_erasures'));"
        "INSERT INTO request_erasures (user_id, asked_at) VALUES (%s, %s)",
        ANNA,
        asked,
    ):
        pass
    assert_stored(database, [before, after, other])
    columns = "user_id::text, ip_address, user_agent, request_id, problem_title, problem_detail"
    assert database.rows(f"SELECT {columns} FROM request_log ORDER BY id") == [
        (BOB, "127.0.0.1", "curl/8", "request-1", None, None),
        (None, None, None, None, "Title", None),
        (ANNA, "127.0.0.1", "curl/8", "request-1", None, None),
    ]


def value_of(gauge: Gauge) -> float:
    """What a scraper would see."""
    return float(gauge.collect()[0].samples[0].value)


def test_while_the_database_is_away_the_lag_is_told_and_nothing_is_lost_or_doubled(
    collector: Start, writer: Writer, database: Any
) -> None:
    context = collector()
    path = writer.open(text_of(LINES[:2]))
    ingest_requests.run(context)
    away = make_engine(f"postgresql://u@127.0.0.1:{free_port()}/d", process="test", pool_size=1)
    waiting = replace(LINES[2], at=utc_now() - timedelta(minutes=10))  # the module may have been read long ago
    writer.append(path, waiting.text())
    for _ in range(2):
        with pytest.raises((psycopg2.OperationalError, OperationalError)):
            ingest_requests.run(replace(context, engine=away))
    assert 600 <= value_of(context.metrics.lag) < 700
    assert value_of(context.metrics.backlog) == len(waiting.text())
    ingest_requests.run(context)
    assert_stored(database, [*LINES[:2], waiting])
    assert value_of(context.metrics.lag) == value_of(context.metrics.backlog) == 0


def test_what_fails_at_the_end_of_a_batch_undoes_all_of_it(collector: Start, writer: Writer, database: Any) -> None:
    context = collector()
    writer.open(text_of(LINES))
    database.rows("ALTER TABLE journal_hours ADD CONSTRAINT nothing_goes CHECK (lines < 0)")
    with pytest.raises(psycopg2.errors.CheckViolation):
        ingest_requests.run(context)
    assert database.rows("SELECT * FROM journal_segments") == []
    assert stored_ids(database) == []
    database.rows("ALTER TABLE journal_hours DROP CONSTRAINT nothing_goes")
    ingest_requests.run(context)
    assert_stored(database, LINES)
