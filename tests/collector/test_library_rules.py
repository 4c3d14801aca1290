"""The library's alerts: opened and resolved by the figures of the monitors, in their words, as all alerts are."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.alerting.rules.library import NOBODY_ASKED, averages_known, judge
from collector.job import Context
from collector.jobs import evaluate_alerts
from common.thresholds import Breach
from standalone.postgres import Server
from tests.collector.library import DAY, Library
from tests.support.databases import Database, throw_away

ContextFor = Callable[..., Context[Any]]
NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = timedelta(minutes=1)
OPEN = "SELECT rule, subject, severity, value, threshold FROM alerts WHERE resolved_at IS NULL ORDER BY rule"


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """One for all tests here: each empties it."""
    with throw_away(server) as found:
        yield found


@pytest.fixture
def library(database: Database) -> Library:
    """A library that is empty, and a channel that hears of alerts."""
    made = Library(database)
    made.channel()
    return made


@pytest.fixture
def evaluate(context_for: ContextFor) -> Callable[[], None]:
    """Runs the job now."""
    context = context_for(evaluate_alerts.JOB, clock=lambda: NOW)
    return lambda: evaluate_alerts.JOB.run(context)


def note(library: Library, **figures: float) -> None:
    """What the collector read of auth's counters a minute ago."""
    for figure, value in figures.items():
        library.database.rows("INSERT INTO figures VALUES ('library', %s, %s, %s)", figure, NOW - MINUTE, value)


def ask(library: Library, requests: int, seconds: float) -> None:
    """A minute of requests to the API, each as long."""
    library.database.rows(
        """INSERT INTO request_minutes
        SELECT date_trunc('minute', %s - interval '1 minute'), 'anna', endpoint, '', %s, %s, 0, 0, 0, 0, 0, %s,
            '{}', '{}'
        FROM unnest(ARRAY['', '/api/v1/books/']) AS endpoint""",
        NOW,
        requests,
        requests,
        int(1_000_000 * requests * seconds),
    )
    library.database.rows(
        "INSERT INTO request_dirty_hours (hour, host) SELECT DISTINCT date_trunc('hour', minute), 'anna'"
        " FROM request_minutes ON CONFLICT DO NOTHING"
    )


def test_every_figure_beyond_its_threshold_is_told_until_it_is_well(
    library: Library, evaluate: Callable[[], None]
) -> None:
    reader = library.person("anna")
    dune = library.book("Dune", copies=20)
    library.database.rows("UPDATE books SET copies_available = 2, copies_lent = 18")
    library.lend(reader, dune, NOW - DAY)
    library.database.rows("UPDATE loans SET status = 'overdue', overdue_at = due_at")
    ask(library, requests=100, seconds=1.5)
    note(library, db_queries=7500, cache_reads=100, cache_hits=20, cache_status=2)
    evaluate()
    evaluate()
    assert library.database.rows(OPEN) == [
        ("library_availability", "library", "critical", 5, 20),
        ("library_cache", "library", "critical", 0, 1),
        ("library_cache_hits", "library", "critical", 20, 50),
        ("library_overdue_rate", "library", "critical", 100, 10),
        ("library_pending_verifications", "library", "critical", 100, 20),
        ("library_queries_per_request", "library", "warning", 75, 50),
        ("library_response_time", "library", "warning", 1500, 1000),
    ]
    told = [subject for _, subject in library.mails()]
    assert len(told) == 7
    assert "Alert: 5 % of all copies of books are available, fewer than 20 %" in told
    library.database.rows("UPDATE books SET copies_available = 20, copies_lent = 0")
    library.database.rows("UPDATE loans SET status = 'returned', returned_at = now()")
    library.database.rows("UPDATE app_users SET email_verified = true, identity_verified = true")
    library.database.rows("DELETE FROM request_minutes; DELETE FROM figures")
    evaluate()  # nobody counts: of what auth did nothing is known
    assert [row[0] for row in library.database.rows(OPEN)] == [
        *("library_cache", "library_cache_hits", "library_queries_per_request", "library_response_time"),
    ]
    ask(library, requests=100, seconds=0.1)
    note(library, db_queries=300, cache_reads=100, cache_hits=90, cache_status=0)
    evaluate()
    assert library.database.rows(OPEN) == []
    assert "Resolved: The cache works" in [subject for _, subject in library.mails()]


def test_an_empty_library_has_no_alert(library: Library, evaluate: Callable[[], None]) -> None:
    evaluate()
    assert library.database.rows(OPEN) == []


@pytest.mark.parametrize(
    ("requests", "of_the_api", "reads", "known"),
    [
        (20, 20, 100, {"response_time": True, "queries_per_request": True, "cache_hits": True}),
        (19, 19, 99, {}),
        (20, 19, 99, {"queries_per_request": True}),
        (20, 0, 99, {"response_time": False, "queries_per_request": True}),
        (0, 0, 0, {"response_time": False, "queries_per_request": False, "cache_hits": False}),
        (0, 0, 100, {"response_time": False, "queries_per_request": False, "cache_hits": True}),
    ],
    ids=["enough", "too few", "too few of the API", "none of the API", "nobody asked", "by pages only"],
)
def test_averages_of_few_say_nothing_and_those_of_nobody_hold(
    requests: int, of_the_api: int, reads: float, known: dict[str, bool]
) -> None:
    assert averages_known({"requests": requests, "api_requests": of_the_api}, reads) == known


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ({}, []),
        ({"overdue_rate": True}, [("library_overdue_rate", True, "It is so.")]),
        ({"overdue_rate": False}, [("library_overdue_rate", False, NOBODY_ASKED)]),
        ({"cache": True}, [("library_cache", False, "The cache works.")]),
    ],
    ids=["unknown", "broken", "nobody asked", "holding"],
)
def test_only_what_is_known_is_found(known: dict[str, bool], found: list[tuple[str, bool, str]]) -> None:
    breaches = [Breach("warning", "overdue_rate", 11.0, 10.0, "It is so"), Breach("critical", "error_rate", 9, 5, "No")]
    assert [(one.rule, one.is_broken, one.message) for one in judge(breaches, known)] == found
