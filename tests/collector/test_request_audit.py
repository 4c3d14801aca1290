"""The self-audit: each closed hour is counted in four ways, and whoever is to know hears when they differ."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from collector.alerting.finding import Finding
from collector.alerting.rules import requests_audit
from collector.figures.request_hours import roll_up
from collector.job import Context
from collector.jobs import audit_requests
from collector.settings import read_settings
from sql.engine import make_engine, transaction
from standalone.postgres import Server
from tests.collector.logged_requests import Request, forget_requests, store_requests
from tests.support.databases import Database, throw_away

MakeContext = Callable[..., Context[Any]]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - DAY  # there is a partition for it
AUDITS = "SELECT hour, journal_lines, raw_rows, route_requests, total_requests, is_equal FROM request_audits ORDER BY 1"


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """One for all tests here: each begins without requests."""
    with throw_away(server) as found:
        yield found


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """The collector's, on a log without requests."""
    forget_requests(database)
    made = make_engine(database.collector_url, process="test", pool_size=1)
    yield made
    made.dispose()


@pytest.fixture
def audit(engine: Engine, context_for: MakeContext) -> Callable[[], tuple[float, float]]:
    """Runs the job; gives what its gauges say: the largest difference, and when the last audited hour began."""
    context = context_for(audit_requests.JOB, lambda: NOON + 4 * HOUR)

    def run() -> tuple[float, float]:
        audit_requests.run(context)
        return context.metrics.difference._value.get(), context.metrics.last_hour._value.get()

    return run


def fill(database: Database, engine: Engine) -> None:
    """Two hours, rolled up: of the first three requests and a probe, of the second none."""
    database.rows("DELETE FROM figures")
    asked = [Request(NOON + n * MINUTE, host="ab"[n % 2]) for n in range(3)]
    store_requests(database, [*asked, Request(NOON, is_probe=True)])
    database.rows(
        "INSERT INTO figures (subject, figure, at, value) VALUES ('counter', 'requests', %s, 2), "
        "('counter', 'requests', %s, 2), ('counter', 'requests', %s, 9), ('database', 'requests', %s, 50)",
        NOON,
        NOON + 59 * MINUTE,
        NOON + HOUR,
        NOON,
    )
    for n in range(2):
        roll_up(engine, NOON + n * HOUR, NOON + 4 * HOUR)


def test_counts_that_agree_are_equal_and_the_counter_stands_beside_them(
    database: Database, engine: Engine, audit: Callable[[], tuple[float, float]]
) -> None:
    assert audit() == (0, 0)
    fill(database, engine)
    assert audit() == (0, (NOON + HOUR).timestamp())
    assert database.rows(AUDITS) == [(NOON, 3, 3, 3, 3, True), (NOON + HOUR, 0, 0, 0, 0, True)]
    assert database.rows("SELECT counter FROM request_audits ORDER BY hour") == [(4,), (9,)]


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("DELETE FROM request_log WHERE at = %s AND NOT is_probe", (3, 2, 3, 3)),
        ("UPDATE journal_hours SET lines = lines + 1 WHERE hour = %s AND host = 'a'", (4, 3, 3, 3)),
        ("UPDATE request_hours SET requests = 5 WHERE hour = %s AND endpoint <> ''", (3, 3, 5, 3)),
        ("UPDATE request_hours SET requests = 1 WHERE hour = %s AND endpoint = ''", (3, 3, 3, 1)),
    ],
    ids=["a row is lost", "a line is counted twice", "a route is wrong", "the total is wrong"],
)
def test_whatever_differs_is_told(
    database: Database, engine: Engine, audit: Callable[[], tuple[float, float]], fault: str, found: tuple[int, ...]
) -> None:
    fill(database, engine)
    database.rows(fault, NOON)
    assert audit()[0] == max(found) - min(found)
    assert database.rows(AUDITS)[0] == (NOON, *found, False)


def test_an_hour_of_days_ago_that_is_found_to_differ_is_told_of_for_a_day(
    database: Database, engine: Engine, audit: Callable[[], tuple[float, float]]
) -> None:
    long_ago = NOON - 3 * DAY
    database.rows("INSERT INTO journal_hours VALUES (%s, 'anna', 7, 0)", long_ago)
    roll_up(engine, long_ago, NOON + 4 * HOUR)
    assert audit()[0] == 7
    assert [finding.is_broken for finding in found(engine)] == [True]
    database.rows("UPDATE request_audits SET audited_at = %s", NOON - DAY)
    database.rows("UPDATE request_hours SET computed_at = %s", NOON - 2 * DAY)
    assert (audit()[0], found(engine)) == (0, [])


def found(engine: Engine) -> list[Finding]:
    """What the alert rule says."""
    with transaction(engine) as connection:
        return requests_audit.find(connection, read_settings({"WATCHHOUSE_DEMO": "1"}), NOON + 4 * HOUR)


def test_an_hour_is_audited_again_when_it_was_computed_anew_and_not_while_it_waits(
    database: Database, engine: Engine, audit: Callable[[], tuple[float, float]]
) -> None:
    fill(database, engine)
    database.rows("UPDATE request_hours SET computed_at = now() - interval '1 hour'")
    audit()
    database.rows("UPDATE request_audits SET audited_at = now() - interval '30 minutes'")
    store_requests(database, [Request(NOON + 10 * MINUTE)])
    database.rows("UPDATE request_hours SET computed_at = now() WHERE hour = %s", NOON)
    audit()
    assert database.rows(AUDITS)[0] == (NOON, 3, 3, 3, 3, True)  # as it was: the hour is dirty
    roll_up(engine, NOON, NOON + 4 * HOUR)
    audit()
    assert database.rows(AUDITS)[0] == (NOON, 4, 4, 4, 4, True)
    again = "SELECT hour FROM request_audits WHERE audited_at > now() - interval '20 minutes'"
    assert database.rows(again) == [(NOON,)]


def test_a_long_backlog_is_audited_in_bites(
    database: Database, engine: Engine, audit: Callable[[], tuple[float, float]]
) -> None:
    store_requests(database, [Request(NOON - 10 * HOUR)])
    for n in range(14):
        roll_up(engine, NOON + (n - 10) * HOUR, NOON + 4 * HOUR)
    database.rows("UPDATE request_hours SET computed_at = now() - interval '1 hour'")
    audit()
    assert [row[0] for row in database.rows(AUDITS)] == [NOON + n * HOUR for n in range(-8, 4)]
    audit()
    assert len(database.rows(AUDITS)) == 14
