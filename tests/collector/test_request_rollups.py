"""Hours of requests: from minutes or raw rows the same and exact, whatever comes late, by however many collectors."""

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from subprocess import CompletedProcess
from typing import Any

import psycopg2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from collector.figures.request_hours import MINUTES_TRUSTED, ROWS_KEPT, last_closed, roll_up
from collector.job import Context
from collector.jobs import roll_up_requests
from sql.engine import make_engine
from standalone.postgres import Server
from tests.collector.daemons import collector_command
from tests.collector.logged_requests import Request, forget_requests, store_requests
from tests.support.databases import Database, throw_away
from tests.support.waiting import wait_for

MakeContext = Callable[..., Context[Any]]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STEADY = timedelta(seconds=30)  # in which a test of the command ends
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - DAY  # there is a partition for it
SHARES = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
SUMS = (
    "requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes, response_bytes, duration_us, average_ms"
)
PERCENTILES = "p50_ms, p75_ms, p90_ms, p95_ms, p99_ms"
HOURS = f"SELECT hour, endpoint, method, {SUMS}, {PERCENTILES}, bins, counts FROM request_hours ORDER BY 1, 2, 3"
TOTALS = "SELECT hour, requests FROM request_hours WHERE (endpoint, method) = ('', '') ORDER BY hour"
OF_SPAN = """
    SELECT share, sketch_quantile(array_agg(bin), array_agg(amounts::bigint), share)
    FROM request_hours
    CROSS JOIN LATERAL unnest(bins, counts) AS sketch (bin, amounts)
    CROSS JOIN unnest(%s::float8[]) AS asked (share)
    WHERE (endpoint, method) = ('', '')
    GROUP BY share
"""
ADD = """
    INSERT INTO request_dirty_hours VALUES (%(hour)s, 'anna', now())
    ON CONFLICT (hour, host) DO UPDATE SET marked_at = excluded.marked_at;
    INSERT INTO request_minutes VALUES (%(hour)s, 'late', '', '', 5, 5, 0, 0, 0, 0, 0, 50, '{1}', '{5}')
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"

requests = st.builds(
    Request,
    at=st.integers(0, 3 * 3600 - 1).map(lambda second: NOON + timedelta(seconds=second)),
    host=st.sampled_from(["anna", "berta"]),
    endpoint=st.sampled_from(["/", "/docs", "unmatched"]),
    method=st.sampled_from(["GET", "POST"]),
    status=st.sampled_from([200, 204, 302, 404, 422, 500, 503]),
    duration_us=st.one_of(st.integers(1, 2000), st.integers(1, 100_000_000)),
    request_bytes=st.integers(0, 10_000),
    response_bytes=st.integers(0, 10**12),
    is_probe=st.sampled_from([False, False, False, True]),
)


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """One for all tests here: each begins without requests."""
    with throw_away(server) as found:
        found.rows("SELECT make_partitions(now() - n * interval '8 days') FROM generate_series(1, 4) n")
        yield found


@pytest.fixture(autouse=True)
def nobody_asked(database: Database) -> None:
    """Each test begins with an empty log."""
    forget_requests(database)


@pytest.fixture(scope="module")
def engine(database: Database) -> Iterator[Engine]:
    """The collector's."""
    made = make_engine(database.collector_url, process="test", pool_size=4)
    yield made
    made.dispose()


def exact(durations: list[int], share: float) -> float:
    """The nearest rank, in milliseconds."""
    return sorted(durations)[max(math.ceil(round(share * len(durations), 9)), 1) - 1] / 1000


@settings(max_examples=25)
@given(asked=st.lists(requests, max_size=40))
def test_minutes_and_raw_rows_make_the_same_exact_hours(
    database: Database, engine: Engine, asked: list[Request]
) -> None:
    """However requests are spread over hosts, minutes, routes and hours, merged sketches are those of all of them."""
    forget_requests(database)
    store_requests(database, asked)
    found = []
    for from_rows in (False, True):
        assert all(roll_up(engine, NOON + n * HOUR, NOON + 4 * HOUR, from_rows=from_rows) for n in range(3))
        found.append(database.rows(HOURS))
    assert found[0] == found[1]
    assert {row[:3]: row[3:12] for row in found[0]} == recount(asked)
    for hour, endpoint, method, *row in found[0]:
        durations = [one.duration_us for one in of_route(asked, hour, endpoint, method)]
        wanted = [exact(durations, share) for share in SHARES[:5]] if durations else [None] * 5
        assert row[9:14] == [one if one is None else pytest.approx(one, rel=0.010001) for one in wanted]
    counted = [one.duration_us for one in asked if not one.is_probe]
    for share, quantile in database.rows(OF_SPAN, list(SHARES)):
        assert quantile == pytest.approx(exact(counted, share), rel=0.010001)


def of_route(asked: list[Request], hour: datetime, endpoint: str, method: str) -> list[Request]:
    """Those that count for a row: all of the hour, for its total."""
    return [
        one
        for one in asked
        if hour <= one.at < hour + HOUR
        and not one.is_probe
        and endpoint in ("", one.endpoint)
        and method in ("", one.method)
    ]


def recount(asked: list[Request]) -> dict[tuple[datetime, str, str], tuple[Any, ...]]:
    """The sums of each row that there has to be, added up one by one."""
    routes = {(one.at.replace(minute=0, second=0), one.endpoint, one.method) for one in asked if not one.is_probe}
    totals = {(NOON + n * HOUR, "", "") for n in range(3)}
    return {key: sums_of(of_route(asked, *key)) for key in routes | totals}


def sums_of(asked: list[Request]) -> tuple[Any, ...]:
    """In the order of SUMS."""
    statuses = [sum(one.status // 100 == digit for one in asked) for digit in (2, 3, 4, 5)]
    took = sum(one.duration_us for one in asked)
    sizes = sum(one.request_bytes for one in asked), sum(one.response_bytes for one in asked)
    return (len(asked), *statuses, *sizes, took, pytest.approx(took / 1000 / len(asked)) if asked else None)


def test_a_percentile_is_within_1_percent_of_the_exact_one_for_many_requests(
    database: Database, engine: Engine
) -> None:
    """Thousands over three hours and two hosts, so that p99.9 is none of the extremes."""
    asked = [
        Request(NOON + timedelta(seconds=n * 3), host="ab"[n % 2], duration_us=int(math.exp((n * 0.618 % 1) * 14)) + 1)
        for n in range(3600)
    ]
    store_requests(database, asked)
    for n in range(3):
        roll_up(engine, NOON + n * HOUR, NOON + 4 * HOUR)
    durations = [one.duration_us for one in asked]
    assert dict(database.rows(OF_SPAN, list(SHARES))) == {
        share: pytest.approx(exact(durations, share), rel=0.010001) for share in SHARES
    }
    [stored] = database.rows(f"SELECT {PERCENTILES} FROM request_hours WHERE hour = %s AND endpoint = ''", NOON)
    assert stored == tuple(pytest.approx(exact(durations[:1200], share), rel=0.010001) for share in SHARES[:5])


def test_an_hour_that_lines_come_to_late_is_computed_anew(context_for: MakeContext, database: Database) -> None:
    clock = [NOON + HOUR + 4 * MINUTE]
    context = context_for(roll_up_requests.JOB, lambda: clock[0])
    store_requests(database, [Request(NOON), Request(NOON, endpoint="/gone", is_probe=True)])
    roll_up_requests.run(context)
    assert database.rows(TOTALS) == []  # it closes at five past
    clock[0] += MINUTE
    roll_up_requests.run(context)
    assert database.rows(TOTALS) == [(NOON, 1)]
    store_requests(database, [Request(NOON + MINUTE, endpoint="/late")])
    roll_up_requests.run(context)
    assert database.rows(TOTALS) == [(NOON, 2)]
    assert [row[1] for row in database.rows(HOURS)] == ["", "/", "/late"]
    assert database.rows("SELECT * FROM request_dirty_hours") == []
    before = database.rows("SELECT computed_at FROM request_hours")
    roll_up_requests.run(context)
    assert database.rows("SELECT computed_at FROM request_hours") == before  # nothing is due
    assert context.metrics.hours._value.get() == 2


def test_an_hour_that_cannot_be_computed_holds_up_none_after_it(context_for: MakeContext, database: Database) -> None:
    store_requests(database, [Request(NOON), Request(NOON, host="other"), Request(NOON + HOUR)])
    database.rows(
        "UPDATE request_minutes SET counts = '{2000000000}' WHERE minute < %s", NOON + HOUR
    )  # two are too many
    context = context_for(roll_up_requests.JOB, lambda: NOON + 2 * HOUR + 5 * MINUTE)
    with pytest.raises(psycopg2.errors.NumericValueOutOfRange):
        roll_up_requests.run(context)
    assert database.rows(TOTALS) == [(NOON + HOUR, 1)]


def test_hours_in_which_nobody_asked_have_a_total_from_the_first_that_is_known(
    context_for: MakeContext, database: Database
) -> None:
    now = NOON + 3 * HOUR + 5 * MINUTE
    context = context_for(roll_up_requests.JOB, lambda: now)
    roll_up_requests.run(context)
    assert database.rows(TOTALS) == []
    store_requests(database, [Request(NOON)])
    roll_up_requests.run(context)
    assert database.rows(TOTALS) == [(NOON, 1), (NOON + HOUR, 0), (NOON + 2 * HOUR, 0)]
    roll_up_requests.run(context_for(roll_up_requests.JOB, lambda: now + 60 * HOUR))
    assert [hour for hour, _ in database.rows(TOTALS)][3:] == [NOON + n * HOUR for n in range(15, 63)]


def test_old_hours_come_from_raw_rows_and_older_ones_stay(context_for: MakeContext, database: Database) -> None:
    old, ancient = NOON - 10 * DAY, NOON - 29 * DAY
    for hour in (old, ancient):
        store_requests(database, [Request(hour)])
    database.rows("DELETE FROM request_minutes")  # as after 7 days
    roll_up_requests.run(context_for(roll_up_requests.JOB, lambda: NOON))
    assert dict(database.rows(TOTALS)).items() >= {old: 1, ancient: 1}.items()
    database.rows("DELETE FROM request_log WHERE at = %s", ancient)  # as after 30
    database.rows("INSERT INTO request_dirty_hours VALUES (%s, 'anna')", ancient)
    roll_up_requests.run(context_for(roll_up_requests.JOB, lambda: NOON + DAY))
    assert dict(database.rows(TOTALS))[ancient] == 1
    assert database.rows("SELECT * FROM request_dirty_hours") == []


def test_a_rollup_waits_for_lines_that_are_being_stored_and_sees_them(database: Database, engine: Engine) -> None:
    store_requests(database, [Request(NOON)])
    with closing(psycopg2.connect(database.collector_url)) as ingest, ThreadPoolExecutor(1) as pool:
        ingest.cursor().execute(ADD, {"hour": NOON})
        rolled_up = pool.submit(roll_up, engine, NOON, NOON + 2 * HOUR)
        wait_for(lambda: database.one(WAITING) == 1, what="the rollup waits")
        ingest.commit()
        assert rolled_up.result(timeout=10)
    assert database.rows(TOTALS) == [(NOON, 6)]
    assert database.rows("SELECT * FROM request_dirty_hours") == []


def test_lines_that_come_while_an_hour_is_computed_make_it_dirty_again(database: Database, engine: Engine) -> None:
    store_requests(database, [Request(NOON)])
    with (
        closing(psycopg2.connect(database.collector_url)) as rollup,
        closing(psycopg2.connect(database.collector_url)) as ingest,
        ThreadPoolExecutor(1) as pool,
    ):
        rollup.cursor().execute("DELETE FROM request_dirty_hours WHERE hour = %s", [NOON])
        added = pool.submit(ingest.cursor().execute, ADD, {"hour": NOON})
        wait_for(lambda: database.one(WAITING) == 1, what="the lines wait")
        rollup.commit()
        added.result(timeout=10)
        ingest.commit()
    assert database.rows("SELECT hour, host FROM request_dirty_hours") == [(NOON, "anna")]
    assert roll_up(engine, NOON, NOON + 2 * HOUR)
    assert database.rows(TOTALS) == [(NOON, 6)]


def test_several_collectors_at_one_hour_write_it_once(database: Database, engine: Engine) -> None:
    store_requests(database, [Request(NOON + n * MINUTE, endpoint=f"/{n % 7}") for n in range(60)])
    together = threading.Barrier(4)

    def compute(_: int) -> bool:
        together.wait()
        return roll_up(engine, NOON, NOON + 2 * HOUR)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(compute, range(4))) == [True] * 4
    assert database.rows(TOTALS) == [(NOON, 60)]
    assert database.one("SELECT sum(requests) FROM request_hours WHERE endpoint <> ''") == 60


def test_who_began_before_late_lines_came_does_not_write_over_who_saw_them(database: Database, engine: Engine) -> None:
    store_requests(database, [Request(NOON)])
    roll_up(engine, NOON, NOON + 2 * HOUR)
    with (
        closing(psycopg2.connect(database.owner_url)) as obstacle,
        closing(psycopg2.connect(database.collector_url)) as ingest,
        ThreadPoolExecutor(2) as pool,
    ):
        obstacle.cursor().execute("LOCK TABLE request_log IN ACCESS EXCLUSIVE MODE")
        before = pool.submit(roll_up, engine, NOON, NOON + 2 * HOUR)
        wait_for(lambda: database.one(WAITING) == 1, what="the first has seen one line")
        ingest.cursor().execute(ADD, {"hour": NOON})
        ingest.commit()
        after = pool.submit(roll_up, engine, NOON, NOON + 2 * HOUR)
        wait_for(lambda: database.one(WAITING) == 2, what="the second waits")
        assert database.one(f"{WAITING} AND locktype = 'advisory'") == 1
        obstacle.rollback()
        assert [before.result(timeout=10), after.result(timeout=10)] == [True, True]
    assert database.rows(TOTALS) == [(NOON, 6)]
    assert database.rows("SELECT * FROM request_dirty_hours") == []


def test_a_route_that_is_not_in_the_hour_any_more_goes(database: Database, engine: Engine) -> None:
    store_requests(database, [Request(NOON), Request(NOON, endpoint="/wrong")])
    roll_up(engine, NOON, NOON + 2 * HOUR)
    database.rows("DELETE FROM request_log WHERE endpoint = '/wrong'")
    roll_up(engine, NOON, NOON + 2 * HOUR, from_rows=True)
    assert [row[1:4] for row in database.rows(HOURS)] == [("", "", 1), ("/", "GET", 1)]


@given(st.integers(0, 10**9))
def test_an_hour_closes_five_minutes_after_its_end(seconds: int) -> None:
    now = NOON + timedelta(seconds=seconds)
    closed = last_closed(now)
    assert closed == closed.replace(minute=0, second=0, microsecond=0)
    assert timedelta(0) <= now - (closed + HOUR + 5 * MINUTE) < HOUR


def test_what_hours_are_made_from_is_trusted_for_less_than_it_is_kept(database: Database) -> None:
    kept = dict(database.rows("SELECT table_name, keep FROM partition_policies"))
    assert kept["request_minutes"] > MINUTES_TRUSTED
    assert kept["request_log"] > ROWS_KEPT


def test_the_command_rolls_up_what_is_missing_and_computes_anew_what_still_can_be(database: Database) -> None:
    last = wait_for(find_steady_hour, seconds=2 * STEADY.seconds, what="an hour that stays the last one")
    before = last - 25 * HOUR
    store_requests(database, [Request(hour) for hour in (last, last - 2 * HOUR, before)])
    assert told(run(database, "--hours", "3")) == (0, ["3 hours rolled up"])
    assert [requests for _, requests in database.rows(TOTALS)] == [1, 0, 1]
    database.rows("UPDATE request_hours SET requests = 7 WHERE hour = %s", last)
    database.rows("DELETE FROM request_log WHERE at = %s", last - 2 * HOUR)
    kept = f"{(last - 2 * HOUR).isoformat()} stays as it is: its raw rows are gone"
    assert told(run(database, "--backfill")) == (1, ["23 hours rolled up", kept])
    assert [requests for _, requests in database.rows(TOTALS)] == [0] * 21 + [1, 0, 1]
    assert database.rows("SELECT hour FROM request_dirty_hours") == [(before,)]


def find_steady_hour() -> datetime | None:
    """The last closed hour, unless the next one closes while a test goes on."""
    now = datetime.now(UTC)
    return last_closed(now) if last_closed(now) == last_closed(now + STEADY) else None


def run(database: Database, *words: str) -> CompletedProcess[str]:
    """The command, on this database."""
    known = {"WATCHHOUSE_DEMO": "1", "DATABASE_URL": database.collector_url, "COLLECTOR_NAME": "anna"}
    return collector_command("aggregate-analytics", *words, **known)


def told(command: CompletedProcess[str]) -> tuple[int, list[str]]:
    """Its exit status and lines."""
    assert not command.stderr, command.stderr
    return command.returncode, command.stdout.splitlines()
