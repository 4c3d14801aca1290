"""Rollups: sketches that are right in any order of merging, hours of checks and figures, answers of 24 hours."""

import math
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.job import Context
from collector.jobs import measure_responses, roll_up_checks, roll_up_figures

MakeContext = Callable[..., Context[Any]]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)  # there is a partition for it
MIDNIGHT = NOON.replace(hour=0)
MERGED = """
    WITH parts AS (
        SELECT part, sketch_bin(amount) AS bin, count(*) AS amounts
        FROM unnest(%(amounts)s::float8[], %(parts)s::int[]) AS given (amount, part)
        GROUP BY part, sketch_bin(amount)
    ), merged AS (
        SELECT bin, sum(amounts)::bigint AS amounts FROM parts GROUP BY bin
    )
    SELECT
        (SELECT sketch_quantile(array_agg(bin), array_agg(amounts), %(share)s) FROM merged),
        (SELECT sketch_quantile(array_agg(bin ORDER BY part), array_agg(amounts ORDER BY part), %(share)s) FROM parts),
        (SELECT sketch_quantile(array_agg(bin ORDER BY -part), array_agg(amounts ORDER BY -part), %(share)s) FROM parts)
"""
CHECK = """
    INSERT INTO checks (endpoint_id, slot, slots, outcome, started_at, duration_ms, collector)
    VALUES (%s, %s, %s, %s, CASE %s WHEN 'missed' THEN NULL ELSE now() END, %s, 'anna')
"""
HOURS = "SELECT hour, checks, failed, missed, response_ms_sum FROM endpoint_hours ORDER BY hour"
SPEED = "SELECT response_avg_24h_ms, response_p95_24h_ms, days, uptime_24h FROM endpoint_figures"

amounts = st.lists(st.tuples(st.floats(min_value=0.001, max_value=1e7), st.integers(0, 4)), min_size=1, max_size=60)


@pytest.fixture
def endpoint(database: Any) -> int:
    """An endpoint to check."""
    return int(database.one("INSERT INTO endpoints (name, url) VALUES ('API', '/') RETURNING id"))


@pytest.fixture
def check(database: Any, endpoint: int) -> Callable[..., None]:
    """Stores a check of the endpoint."""

    def store(slot: datetime, outcome: str = "operational", ms: float | None = 10, slots: int = 1) -> None:
        database.rows(CHECK, endpoint, slot, slots, outcome, outcome, ms)

    return store


def test_a_quantile_of_merged_sketches_is_within_1_percent_of_the_exact_one_in_any_order(database: Any) -> None:
    connection = psycopg2.connect(database.reader_url)

    @settings(max_examples=200)
    @given(amounts, st.sampled_from([0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0]))
    def compare(taken: list[tuple[float, int]], share: float) -> None:
        values, parts = [list(column) for column in zip(*taken, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(MERGED, {"amounts": values, "parts": parts, "share": share})
            [merged, forwards, backwards] = cursor.fetchone() or ()
        exact = sorted(values)[max(math.ceil(share * len(values)), 1) - 1]
        assert merged == forwards == backwards == pytest.approx(exact, rel=0.010001)

    with closing(connection):
        compare()
    assert database.one("SELECT sketch_quantile('{}', '{}', 0.5)") is None
    assert database.one("SELECT sketch_value(sketch_bin(0))") == pytest.approx(0.001, rel=0.01)


def test_an_hour_of_checks_is_counted_and_late_ones_are_added(
    context_for: MakeContext, database: Any, check: Callable[..., None]
) -> None:
    check(NOON, ms=100)
    check(NOON + timedelta(minutes=1), "degraded", ms=300)
    check(NOON + timedelta(minutes=2), "major_outage", ms=9000)
    check(NOON + timedelta(minutes=3), "missed", None, slots=7)
    check(NOON + HOUR, ms=1)
    context = context_for(roll_up_checks.JOB, lambda: NOON + HOUR + timedelta(minutes=5))
    roll_up_checks.run(context)
    assert database.rows(HOURS) == [(NOON, 3, 1, 7, 400)]
    assert database.rows("SELECT cardinality(response_bins), response_counts FROM endpoint_hours") == [(2, [1, 1])]
    check(NOON + timedelta(minutes=4), ms=100)
    roll_up_checks.run(context)
    roll_up_checks.run(context)
    assert database.rows(HOURS) == [(NOON, 4, 1, 7, 500)]
    assert database.rows("SELECT response_counts FROM endpoint_hours") == [([2, 1],)]
    database.rows("DELETE FROM endpoints")  # its checks stay, and are left out
    roll_up_checks.run(context)
    assert database.rows(HOURS) == []


def test_answers_are_measured_over_24_hours_and_leave_other_figures_alone(
    context_for: MakeContext, database: Any, check: Callable[..., None], endpoint: int
) -> None:
    running = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    database.rows(
        """INSERT INTO checks (endpoint_id, slot, outcome, started_at, duration_ms, collector)
        SELECT %s, %s + n * interval '1 s', 'operational', now(), CASE WHEN n < 94 THEN 100 ELSE 1000 END, 'anna'
        FROM generate_series(0, 99) n""",
        endpoint,
        running,
    )
    check(running + timedelta(seconds=100), "major_outage", ms=50_000)
    database.rows("INSERT INTO endpoint_figures (endpoint_id, uptime_24h) VALUES (%s, 99.5)", endpoint)
    measure_responses.run(context_for(measure_responses.JOB, lambda: running + timedelta(minutes=3)))
    [(average, p95, days, uptime)] = database.rows(SPEED)
    assert (average, p95) == (pytest.approx(154), pytest.approx(1000, rel=0.01))
    assert (days, uptime) == ("u" * 90, 99.5)
    measure_responses.run(context_for(measure_responses.JOB, lambda: running + timedelta(hours=25)))
    assert database.rows(SPEED)[0][:2] == (None, None)


@given(st.none() | st.integers(1, 7 * 24), st.integers(0, 23), st.integers(5, 59))
def test_every_hour_since_the_last_run_is_taken(hours_ago: int | None, hour: int, minute: int) -> None:
    """A slot that was done is known for a week; without one, all that is kept is taken."""
    running = MIDNIGHT + hour * HOUR
    now = running + timedelta(minutes=minute)
    last = now - hours_ago * HOUR if hours_ago else None
    taken = list(roll_up_checks.hours(last, now))
    assert all(after - before == HOUR for before, after in pairwise(taken))
    assert taken[0] <= (last - HOUR if last else now - 30 * DAY)
    assert taken[0] <= running - (DAY if hour == 0 else HOUR) - HOUR
    assert taken[-1] == running - HOUR
    spans = list(roll_up_figures.spans(last, now))
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert spans[0][0] <= min(last or now - 30 * DAY, running - 26 * HOUR)
    assert spans[-1][1] == running


def test_figures_and_hosts_are_rolled_up_by_hour(context_for: MakeContext, database: Any) -> None:
    database.rows(
        """INSERT INTO figures (subject, figure, at, value)
        SELECT 'database', 'connect_ms', %s + n * interval '1 minute', n FROM generate_series(0, 60) n""",
        NOON,
    )
    database.rows(
        """INSERT INTO host_metrics
        SELECT 'anna', %s + n * interval '1 minute', 6, n, 2, 3, 4, 5, 6, 7, 8 FROM generate_series(0, 9) n""",
        NOON,
    )
    context = context_for(roll_up_figures.JOB, lambda: NOON + HOUR + timedelta(minutes=5))
    hours = "SELECT subject, figure, hour, samples, average, lowest, highest FROM figure_hours WHERE figure IN %s"
    roll_up_figures.run(context)
    assert sorted(database.rows(hours, ("connect_ms", "cpu_percent"))) == [
        ("database", "connect_ms", NOON, 60, 29.5, 0, 59),
        ("host:anna", "cpu_percent", NOON, 10, 4.5, 0, 9),
    ]
    assert database.one("SELECT count(*) FROM figure_hours WHERE subject = 'host:anna'") == 8
    database.rows("UPDATE figures SET value = 590 WHERE value = 59")  # as a minute that comes late would
    roll_up_figures.run(context)
    assert database.rows(hours, ("connect_ms", ""))[0][-1] == 590


def test_a_rollup_catches_up_from_the_last_one_that_was_finished(context_for: MakeContext, database: Any) -> None:
    database.rows("SELECT make_partitions(now() - interval '3 days')")
    database.rows("SELECT make_partitions(now() - interval '10 days')")
    for days in (10, 3, 2):
        database.rows("INSERT INTO figures VALUES ('database', 'size_mb', %s, %s)", NOON - days * DAY, days)
    database.rows(
        "INSERT INTO job_runs VALUES ('roll_up_figures', %s, 'anna', now(), now(), now())",
        NOON - 3 * DAY + timedelta(minutes=5),
    )
    roll_up_figures.run(context_for(roll_up_figures.JOB, lambda: NOON + timedelta(minutes=5)))
    assert database.rows("SELECT average FROM figure_hours ORDER BY 1") == [(2,), (3,)]
    database.rows("DELETE FROM job_runs")
    roll_up_figures.run(context_for(roll_up_figures.JOB, lambda: NOON + timedelta(minutes=5)))
    assert database.rows("SELECT average FROM figure_hours ORDER BY 1") == [(2,), (3,), (10,)]
