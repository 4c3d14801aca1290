"""Rules asked by the clock: opened once, held without data, resolved and told, reminded of, silent in maintenance."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.alerting.rules import (
    certificate,
    collector_silent,
    error_rate,
    host_load,
    journal_lag,
    requests_audit,
    requests_lost,
    service_failing,
    slow,
)
from collector.alerting.texts import span
from collector.job import Context
from collector.jobs import evaluate_alerts
from standalone.postgres import Server
from tests.collector.telling import MINUTE, SECOND, House
from tests.support.databases import Database, throw_away

HOUR = timedelta(hours=1)
OPEN = "SELECT rule, subject, severity, value, threshold FROM alerts WHERE resolved_at IS NULL ORDER BY rule"

ContextFor = Callable[..., Context[Any]]
LIMITS = {"cpu": 90, "memory": 80, "disk": 70}
NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """One for all tests here: each empties it."""
    with throw_away(server) as found:
        yield found


@pytest.fixture
def house(database: Database, context_for: ContextFor) -> House:
    """A house with one channel that hears of alerts; the present, since tables have no partitions for other times."""
    made = House(database, context_for(evaluate_alerts.JOB).engine, datetime.now(UTC).replace(microsecond=0))
    made.channel("alerts")
    return made


@pytest.fixture
def evaluate(house: House, context_for: ContextFor) -> Callable[[], None]:
    """Runs the job at the house's time."""
    context = context_for(evaluate_alerts.JOB, clock=lambda: house.now)
    return lambda: evaluate_alerts.JOB.run(context)


def measure(house: House, cpu: float, memory: float = 10, disk: float = 10) -> None:
    """Five minutes of a host."""
    house.database.rows("DELETE FROM host_metrics")
    house.database.rows(
        """INSERT INTO host_metrics (host, at, samples, cpu_percent, memory_mb, memory_percent, disk_percent, load_1m,
            network_sent_bytes, network_received_bytes, open_files)
        SELECT 'anna', %s - n * interval '1 minute', 6, %s, 1, %s, %s, 1, 0, 0, 1 FROM generate_series(1, 5) n""",
        house.now,
        cpu,
        memory,
        disk,
    )


def test_a_busy_host_is_told_once_and_again_when_it_is_well(house: House, evaluate: Callable[[], None]) -> None:
    measure(house, cpu=95)
    evaluate()
    evaluate()
    assert house.database.rows(OPEN) == [("cpu", "host:anna", "critical", 95, 90)]
    house.pass_time(3 * MINUTE)
    measure(house, cpu=20)
    evaluate()
    assert house.news() == [
        ("alerts", "Alert: CPU of anna was in use by 95 % or more for 5 minutes"),
        ("alerts", "Resolved: CPU of anna was in use by at most 20 % for 5 minutes"),
    ]
    assert house.database.one("SELECT body FROM outbox ORDER BY id DESC LIMIT 1").endswith("The alert lasted 3 min.")
    assert house.database.rows(OPEN) == []


def test_a_host_that_says_nothing_keeps_its_alert_until_a_day_is_over(
    house: House, evaluate: Callable[[], None]
) -> None:
    measure(house, cpu=10, disk=99)
    evaluate()
    house.pass_time(HOUR)
    evaluate()
    assert [row[:2] for row in house.database.rows(OPEN)] == [("disk", "host:anna")]
    house.pass_time(24 * HOUR)
    evaluate()
    assert house.database.rows(OPEN) == []


def test_an_alert_that_lasts_is_reminded_of_every_four_hours(house: House, evaluate: Callable[[], None]) -> None:
    measure(house, cpu=10, memory=99)
    evaluate()
    for passed in (4 * HOUR - MINUTE, MINUTE, MINUTE, 4 * HOUR):
        house.pass_time(passed)
        measure(house, cpu=10, memory=99)
        evaluate()
    said = "Memory of anna was in use by 99 % or more for 5 minutes"
    assert house.subjects() == [f"Alert: {said}", *[f"Still: {said}"] * 2]
    assert "has lasted 8 h 1 min." in house.database.one("SELECT body FROM outbox ORDER BY id DESC LIMIT 1")


def test_an_outage_is_reminded_of_unless_it_is_silent_now(house: House, evaluate: Callable[[], None]) -> None:
    door = house.endpoint()
    house.change(door, "major_outage")
    house.pass_time(4 * HOUR)
    house.plan(house.now - MINUTE, house.now + MINUTE)
    evaluate()
    assert house.subjects() == ["Door is down"]
    house.pass_time(2 * MINUTE)
    evaluate()
    assert [subject.partition(" since ")[0] for subject in house.subjects()] == ["Door is down", "Still: Door is down"]


def check(house: House, endpoint_id: int, duration_ms: float, checks: int) -> None:
    house.database.rows(
        """INSERT INTO checks (endpoint_id, slot, outcome, started_at, duration_ms, collector)
        SELECT %s, %s - n * interval '20 seconds', 'degraded', %s, %s, 'anna' FROM generate_series(1, %s) n""",
        endpoint_id,
        house.now,
        house.now,
        duration_ms,
        checks,
    )


def test_slow_answers_are_told_after_maintenance_and_not_of_too_few(house: House, evaluate: Callable[[], None]) -> None:
    door, window = house.endpoint("Door", "degraded"), house.endpoint("Window", "degraded")
    check(house, door, 1500, checks=5)
    check(house, window, 1500, checks=2)
    house.plan(house.now - MINUTE, house.now + MINUTE)
    evaluate()
    assert [row[:2] for row in house.database.rows(OPEN)] == [("slow", f"endpoint:{door}")]
    assert house.news() == []
    house.pass_time(3 * MINUTE)
    evaluate()
    assert house.news() == [("alerts", "Alert: Door answers 95 % within 1,500 ms, more than 1,000 ms")]
    house.database.rows("UPDATE endpoints SET is_enabled = false")
    evaluate()
    assert house.subjects()[1:] == ["Resolved: Door is no longer watched"]


def test_an_alert_that_nobody_heard_of_ends_unheard(house: House, evaluate: Callable[[], None]) -> None:
    door = house.endpoint("Door", "degraded")
    check(house, door, 1500, checks=5)
    house.plan(house.now - MINUTE, house.now + HOUR)
    evaluate()
    house.database.rows("UPDATE endpoints SET degraded_after_ms = 2000")
    evaluate()
    assert house.database.one("SELECT count(*) FROM alerts WHERE resolved_at IS NOT NULL") == 1
    assert house.news() == []


def test_every_rule_finds_what_is_broken_in_the_database(house: House, evaluate: Callable[[], None]) -> None:
    measure(house, cpu=91, memory=91, disk=91)
    door = house.endpoint()
    check(house, door, 1500, checks=3)
    house.database.rows("UPDATE endpoint_states SET certificate_expires_at = %s", house.now + timedelta(days=13))
    house.database.rows(
        "INSERT INTO collectors (name, host, started_at, seen_at) VALUES ('berta', 'b', now(), %s)",
        house.now - 2 * MINUTE,
    )
    ask(house, requests=100, errors=6)
    house.database.rows("INSERT INTO request_audits VALUES (%s, 7, 6, 7, 7, 9, false)", house.now - HOUR)
    house.database.rows(
        "INSERT INTO journal_states VALUES ('anna', %s, 57, 9, 2, 1, %s)", house.now - 4 * SECOND, house.now - MINUTE
    )
    house.database.rows(
        """INSERT INTO service_states (service, is_up, checked_at, succeeded_at, failures)
        VALUES ('mail', false, %s, %s, 9), ('channel:Gone', false, %s, null, 9)""",
        house.now,
        house.now - 6 * MINUTE,
        house.now,
    )
    evaluate()
    assert house.database.rows(OPEN) == [
        ("certificate", f"endpoint:{door}", "warning", 13, 14),
        ("collector_silent", "collector:berta", "critical", 120, 60),
        ("cpu", "host:anna", "critical", 91, 90),
        ("disk", "host:anna", "critical", 91, 90),
        ("error_rate", "requests", "critical", 6, 5),
        ("journal_lag", "host:anna", "warning", 61, 60),
        ("memory", "host:anna", "critical", 91, 90),
        ("requests_audit", "requests", "critical", 1, 0),
        ("requests_lost", "host:anna", "critical", 3, None),
        ("service_failing", "service:mail", "warning", 360, None),
        ("slow", f"endpoint:{door}", "warning", 1500, 1000),
    ]


def ask(house: House, requests: int, errors: int) -> None:
    """A minute of requests."""
    house.database.rows(
        """INSERT INTO request_minutes
        SELECT %s, 'anna', endpoint, endpoint, %s, 0, 0, 0, errors, 0, 0, 0, '{}', '{}'
        FROM (VALUES ('', %s), ('/', 0)) AS told (endpoint, errors)""",
        house.now.replace(second=0),
        requests,
        errors,
    )


def test_errors_end_when_nobody_asks_any_more_but_not_when_nobody_counts(
    house: House, evaluate: Callable[[], None]
) -> None:
    ask(house, requests=50, errors=50)
    evaluate()
    house.pass_time(10 * MINUTE)
    evaluate()
    assert [row[:2] for row in house.database.rows(OPEN)] == [("error_rate", "requests")]
    house.database.rows("INSERT INTO journal_states VALUES ('anna', %s, 0, 0, 0, 0, NULL)", house.now)
    evaluate()
    assert house.database.rows(OPEN) == []


def test_a_journal_that_is_gone_is_not_missed(house: House, evaluate: Callable[[], None]) -> None:
    house.database.rows("INSERT INTO journal_states VALUES ('anna', %s, 300, 9, 0, 1, %s)", house.now, house.now)
    evaluate()
    assert [row[0] for row in house.database.rows(OPEN)] == ["journal_lag", "requests_lost"]
    assert "Alert: The journal of anna is read up to 5 min ago" in house.subjects()
    house.database.rows("DELETE FROM journal_states")
    evaluate()
    assert house.database.rows(OPEN) == []


@pytest.mark.parametrize(
    ("lag", "unseen", "is_broken"),
    [(0, 60, False), (61, 0, True), (0, 61, True), (90_000, 86_401, False), (None, None, False)],
)
def test_a_journal_lags_also_when_nobody_looks_at_it(lag: float | None, unseen: float | None, is_broken: bool) -> None:
    assert [one.is_broken for one in journal_lag.judge([("anna", lag, unseen, 0, None)])] == [is_broken]


@pytest.mark.parametrize(("ago", "is_broken"), [(None, False), (3599.0, True), (3601.0, False)])
def test_a_loss_is_told_for_an_hour(ago: float | None, is_broken: bool) -> None:
    assert [one.is_broken for one in requests_lost.judge([("anna", 0, 0, 5, ago)])] == [is_broken]


def test_counts_differ_when_one_of_them_does() -> None:
    assert requests_audit.judge([]) == []
    [equal] = requests_audit.judge([(NOW, 1, 1, 1, 1), (NOW, 2, 2, 2, 2)])
    [differing] = requests_audit.judge([(NOW, 1, 1, 4, 1), (NOW, 2, 2, 2, 2), (NOW + HOUR, 2, 1, 2, 2)])
    assert (equal.is_broken, differing.is_broken, differing.value) == (False, True, 3)
    assert "differ in 2 of 3 hours. Of the hour from 2026-05-04 13:30:00 UTC there are 2 lines" in differing.message


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [(91, 99, [True]), (90, 99, []), (10, 91, []), (10, 90, [False])],
    ids=["all above", "at the limit", "in between", "all below"],
)
def test_a_host_is_busy_when_every_minute_says_so(low: float, high: float, found: list[bool]) -> None:
    rows = [("anna", False, 5, low, high, 10, 10, 10, 10)]
    assert [one.is_broken for one in host_load.judge(rows, LIMITS) if one.rule == "cpu"] == found
    assert host_load.judge([("anna", False, 3, low, high, 10, 10, 10, 10)], LIMITS) == []


@pytest.mark.parametrize(
    ("requests", "errors", "found"),
    [(None, 0, []), (0, 0, [False]), (19, 1, []), (19, 0, [False]), (20, 1, [False]), (100, 6, [True])],
)
def test_errors_are_a_rate_of_enough_requests(requests: int | None, errors: int, found: list[bool]) -> None:
    assert [one.is_broken for one in error_rate.judge(requests, errors, 5)] == found


@pytest.mark.parametrize(
    ("seconds", "is_broken"), [(0.0, False), (60.0, False), (61.0, True), (86_401.0, False), (None, False)]
)
def test_a_collector_is_missed_for_a_day(seconds: float | None, is_broken: bool) -> None:
    assert [one.is_broken for one in collector_silent.judge([("anna", seconds)], 60)] == [is_broken]


@pytest.mark.parametrize(
    ("days", "is_enabled", "told"),
    [
        (15, True, (False, "warning")),
        (13, True, (True, "warning")),
        (2, True, (True, "critical")),
        (-1, True, (True, "critical")),
        (2, False, (False, "warning")),
        (None, True, (False, "warning")),
    ],
)
def test_a_certificate_ends_soon(days: int | None, is_enabled: bool, told: tuple[bool, str]) -> None:
    ends = None if days is None else NOW + timedelta(days=days)
    [finding] = certificate.judge([(1, "Door", is_enabled, ends)], 14, NOW)
    assert (finding.is_broken, finding.severity) == told


@pytest.mark.parametrize(
    ("is_up", "tried", "succeeded", "is_wanted", "found"),
    [
        (True, 1, 1, True, [False]),
        (False, 1, 299, True, []),
        (False, 1, 301, True, [True]),
        (False, 1, None, True, [True]),
        (False, 1, None, False, [False]),
        (False, 86_401, None, True, [False]),
    ],
)
def test_a_service_fails_after_some_patience(
    is_up: bool, tried: float, succeeded: float | None, is_wanted: bool, found: list[bool]
) -> None:
    rows = [("mail", is_up, "no route", tried, succeeded, is_wanted)]
    assert [one.is_broken for one in service_failing.judge(rows)] == found


def test_an_endpoint_nobody_answers_for_is_not_slow() -> None:
    rows = [(1, "Door", True, 1000, 0, None), (2, "Gone", False, 1000, 0, None), (3, "Gate", True, 1000, 3, 1000.0)]
    assert [(one.endpoint_id, one.is_broken) for one in slow.judge(rows)] == [(2, False), (3, False)]


@pytest.mark.parametrize(
    ("seconds", "told"), [(-5, "0 s"), (0, "0 s"), (61, "1 min 1 s"), (3600, "1 h"), (90_061, "1 d 1 h"), (3605, "1 h")]
)
def test_a_length_of_time_is_told_in_its_two_largest_units(seconds: int, told: str) -> None:
    assert span(timedelta(seconds=seconds)) == told
