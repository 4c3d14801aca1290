"""What the dashboard of requests shows is what is in the tables: each request once, whatever of it is rolled up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import psycopg2
import pytest

from standalone.postgres import Server
from tests.grafana import dashboards
from tests.support.databases import Database, query, throw_away

HOUR = timedelta(hours=1)
THIRD = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
FIRST, SECOND, UNTIL = THIRD - 2 * HOUR, THIRD - HOUR, THIRD + HOUR
ALL = {"route": ".*", "method": ".*"}
BORROWED = "/api/v1/books/{id}/borrow/"
FAST, SLOW = 0, 230  # bins of sketches, of about 1 and 98 ms

Counts: TypeAlias = dict[tuple[str, str], tuple[Any, ...]]
COUNTED = """endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes, response_bytes,
    duration_us, bins, counts"""
PLACES = ", ".join(["%s"] * 12)
INSERT_MINUTE = f"INSERT INTO request_minutes (minute, host, {COUNTED}) VALUES (%s, 'here', {PLACES})"
INSERT_HOUR = f"INSERT INTO request_hours (hour, {COUNTED}) VALUES (%s, {PLACES})"
INSERT_MARK = "INSERT INTO request_dirty_hours (hour, host) VALUES (%s, 'here')"
INSERT_LINES = "INSERT INTO journal_hours (hour, host, lines, probes) VALUES (%s, 'here', 103, 3)"
INSERT_AUDIT = """INSERT INTO request_audits
    (hour, journal_lines, raw_rows, route_requests, total_requests, counter, is_equal)
    VALUES (%s, 100, %s, 100, 100, %s, %s)"""


def counts(fast: int, slow: int) -> tuple[Any, ...]:
    """The columns of so many fast requests that succeed, and slow ones of which half fail."""
    duration_us = 1_000 * fast + 98_000 * slow
    return (
        fast + slow,
        fast + slow // 2,
        0,
        0,
        slow // 2,
        10 * fast,
        20 * fast,
        duration_us,
        [FAST, SLOW],
        [fast, slow],
    )


WHOLE = {
    ("", ""): counts(94, 6),
    ("/docs", "GET"): counts(90, 0),
    (BORROWED, "POST"): counts(0, 6),
    (BORROWED, "OPTIONS"): counts(4, 0),
}
STALE = {("", ""): counts(7, 0), ("/docs", "GET"): counts(7, 0)}


@pytest.fixture(scope="module")
def told(server: Server) -> Iterator[Database]:
    """Three hours of 100 requests: one rolled up, one to which lines were added since, and the one that runs."""
    with throw_away(server) as database:
        for hour in (FIRST, SECOND, THIRD):
            write(database, INSERT_MINUTE, hour, WHOLE)
            database.rows(INSERT_LINES, hour)
        write(database, INSERT_HOUR, FIRST, WHOLE)
        write(database, INSERT_HOUR, SECOND, STALE)
        for hour in (SECOND, THIRD):
            database.rows(INSERT_MARK, hour)
        database.rows(INSERT_AUDIT, FIRST, 100, 101, True)
        database.rows(INSERT_AUDIT, SECOND, 99, None, False)
        yield database


def write(database: Database, statement: str, moment: datetime, counted: Counts) -> None:
    """Write what was counted at a moment by route and method."""
    for (endpoint, method), columns in counted.items():
        database.rows(statement, moment, endpoint, method, *columns)


def shown(database: Database, panel: str, *, until: datetime = UNTIL, **chosen: str) -> list[tuple[Any, ...]]:
    """The rows of a panel of the dashboard from the first hour on, as Grafana's role gets them."""
    [asked] = [one for one in dashboards.queries() if str(one) == f"api_analytics-{panel}-A"]
    return query(database.reader_url, dashboards.as_sql(asked, FIRST, until, {**ALL, **chosen}))


@pytest.mark.parametrize(
    ("chosen", "requests", "error_rate"),
    [
        ({}, 300, 3.0),
        ({"route": "/docs"}, 270, 0),
        ({"route": BORROWED}, 30, 30.0),
        ({"route": BORROWED, "method": "POST"}, 18, 50.0),
        ({"method": "GET"}, 270, 0),
        ({"route": "/docs", "method": "POST"}, 0, 0),
    ],
    ids=str,
)
def test_every_request_of_the_choice_is_counted_once(chosen, requests, error_rate, told):
    assert shown(told, "Requests", **chosen) == [(requests,)]
    assert shown(told, "Error rate", **chosen) == [(pytest.approx(error_rate),)]
    assert sum(row[1] for row in shown(told, "Requests and errors by hour", **chosen)) == requests
    assert sum(row[1] for row in shown(told, "Methods", **chosen)) == requests
    assert sum(row[2] for row in shown(told, "Top routes", **chosen)) == requests
    assert sum(sum(row[1:]) for row in shown(told, "Latency over time", **chosen)) == requests


def test_an_hour_is_shown_as_it_was_rolled_up_and_else_by_its_minutes(told):
    hours = shown(told, "Requests and errors by hour")
    assert hours == [(hour, 100, 0, 3) for hour in (FIRST, SECOND, THIRD)]


def test_percentiles_are_of_all_requests_together(told):
    slow = pytest.approx(98, rel=0.02)
    fast = pytest.approx(1, rel=0.02)
    assert shown(told, "P99") == [(slow,)]
    assert [row[1:] for row in shown(told, "Percentiles by hour")] == 3 * [(fast, fast, fast, slow, slow)]
    assert [row[1:] for row in shown(told, "Percentiles")] == 3 * [(fast, fast, fast, slow, slow)]
    assert shown(told, "P99", route="/docs") == [(fast,)]


def test_routes_are_told_apart_by_method_with_the_most_asked_first(told):
    first, second, third = shown(told, "Top routes")
    assert first[:6] == ("/docs", "GET", 270, 0, 0, 0)
    assert second[:6] == (BORROWED, "POST", 18, 0, 9, 50)
    assert second[6:9] == (98, pytest.approx(98, rel=0.02), pytest.approx(98, rel=0.02))
    assert third[:3] == (BORROWED, "OPTIONS", 12)


def test_the_heat_map_has_each_request_in_the_row_of_its_time(told):
    for row in shown(told, "Latency over time"):
        assert (row[2], row[9], sum(row[1:])) == (94, 6, 100)


def test_the_self_audit_tells_hours_that_agree_from_those_that_differ_or_are_open(told):
    rows = [row[1:] for row in shown(told, "Self-audit")]
    assert rows == [
        ("not audited yet", 100, *3 * ["not yet"], "unknown", "unknown"),
        ("differ", 100, "99", "100", "100", "unknown", "unknown"),
        ("agree", 100, "100", "100", "100", "101", "1"),
    ]
    assert shown(told, "Hours that differ") == [(1,)]
    assert shown(told, "Hours that differ", until=FIRST) == [(0,)]


def test_a_rate_is_a_second_s(told):
    rates = shown(told, "Requests and errors")
    assert [float(row[1]) for row in rates][:2] == 2 * [pytest.approx(100 / dashboards.STEP_SECONDS)]


@pytest.mark.parametrize("column", ["user_id", "ip_address", "user_agent", "request_id", "problem_detail"])
def test_grafanas_role_does_not_read_whose_a_request_was(column, told):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(told.reader_url, f"SELECT {column} FROM request_log")
