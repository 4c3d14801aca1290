"""Every statement of an engine is timed, by whatever way it is run and however it ends."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import Engine, text

from sql.engine import make_engine, run_once, time_statements, transaction
from sql.statements import parse, stream
from tests.support.databases import Database

NAP = 0.05
[NAPPING, BREAKING, COUNTING] = parse(
    """-- name: nap
-- purpose: take some time
-- params: seconds double precision
SELECT pg_sleep(:seconds);

-- name: break_off
-- purpose: fail at once
-- params: one int
SELECT 1 / (:one - 1);

-- name: count_up
-- purpose: rows for a stream
-- params: last int
SELECT n::text FROM generate_series(1, :last) n;
"""
)


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine of one connection, which is open already."""
    made = make_engine(database.auth_url, process="test", pool_size=1)
    with made.connect() as connection:
        connection.execute(text("SELECT 1"))
    made.dispose()
    yield made
    made.dispose()


@pytest.fixture
def seconds(engine: Engine) -> list[float]:
    """What is told of the engine's statements, those of opening its connection apart."""
    told: list[float] = []
    time_statements(engine, told.append)
    with engine.connect():
        told.clear()
    return told


def test_each_way_of_running_is_told_once(engine: Engine, seconds: list[float]) -> None:
    run_once(engine, NAPPING, seconds=NAP)
    assert [taken >= NAP for taken in seconds] == [False, True]  # it is prepared, then executed
    seconds.clear()
    run_once(engine, NAPPING, seconds=NAP)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_sleep(0.05)"))
    assert [taken >= NAP for taken in seconds] == [True, True]
    seconds.clear()
    with transaction(engine) as raw:
        assert [len(rows) for rows in stream(raw, COUNTING, 4, last=6)] == [4, 2]
    assert len(seconds) == 4  # the cursor, and its last, empty part too
    seconds.clear()
    with transaction(engine) as raw, closing(raw.cursor()) as cursor:
        cursor.executemany("SELECT pg_sleep(%s)", [(NAP,), (NAP,)])
    assert [taken >= 2 * NAP for taken in seconds] == [True]


def test_one_that_fails_is_told_too(engine: Engine, seconds: list[float]) -> None:
    with pytest.raises(psycopg2.errors.DivisionByZero):
        run_once(engine, BREAKING, one=1)
    assert len(seconds) == 2
    assert all(0 < taken < 2 for taken in seconds)


def test_another_engine_is_left_alone(database: Database, seconds: list[float]) -> None:
    other = make_engine(database.auth_url, process="test", pool_size=1)
    run_once(other, NAPPING, seconds=0.0)
    other.dispose()
    assert seconds == []
