"""Uptime, days and letters in the database, as `measure_endpoints` leaves them there."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from collector.job import Context
from collector.jobs.measure_endpoints import JOB
from tests.support.databases import Database

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Watched:
    """An endpoint with a history, and the job to measure it."""

    def __init__(self, database: Database, context_for: Callable[..., Context[Any]]) -> None:
        self.database = database
        self._now = NOW
        self._context = context_for(JOB, clock=lambda: self._now)
        self.id = database.one(
            "INSERT INTO endpoints (name, url, created_at) VALUES ('Door', '/', %s) RETURNING id", NOW - 100 * DAY
        )
        database.rows(
            """
            INSERT INTO endpoint_states (endpoint_id, state, since, valid_until, last_checked_at, last_outcome, track)
            VALUES (%s, 'operational', %s, %s, %s, 'operational', '{}')""",
            self.id,
            NOW,
            NOW + HOUR,
            NOW,
        )

    @property
    def minute_of_all(self) -> datetime:
        """The minute in the hour from now in which all its days are measured."""
        return NOW + self.id % 60 * MINUTE

    def was(self, state: str, began_at: datetime, ended_at: datetime | None) -> None:
        self.database.rows(
            "INSERT INTO state_intervals (endpoint_id, state, began_at, ended_at) VALUES (%s, %s, %s, %s)",
            self.id,
            state,
            began_at,
            ended_at,
        )

    def plan(self, starts_at: datetime, ends_at: datetime, rrule: str | None = None) -> None:
        self.database.rows(
            "INSERT INTO maintenance (title, starts_at, ends_at, rrule, is_for_all) VALUES ('Work', %s, %s, %s, true)",
            starts_at,
            ends_at,
            rrule,
        )

    def measure(self, now: datetime = NOW) -> None:
        self._now = now
        JOB.run(self._context)

    def figures(self, *names: str) -> list[Any]:
        [found] = self.database.rows(f"SELECT {', '.join(names)} FROM endpoint_figures WHERE endpoint_id = %s", self.id)
        return [round(value, 6) if isinstance(value, float) else value for value in found]

    def day(self, day: date) -> tuple[float, ...]:
        """Its hours: operational, degraded, down, maintenance, unknown."""
        [found] = self.database.rows(
            """SELECT operational_seconds, degraded_seconds, down_seconds, maintenance_seconds, unknown_seconds
            FROM endpoint_days WHERE (endpoint_id, day) = (%s, %s)""",
            self.id,
            day,
        )
        return tuple(seconds / 3600 for seconds in found)


@pytest.fixture
def watched(database: Database, context_for: Callable[..., Context[Any]]) -> Watched:
    return Watched(database, context_for)


def test_uptime_is_by_time_over_four_spans(watched: Watched) -> None:
    watched.was("operational", NOW - 10 * DAY, NOW - 12 * HOUR)
    watched.was("major_outage", NOW - 12 * HOUR, NOW - 9 * HOUR)
    watched.was("unknown", NOW - 9 * HOUR, NOW - 6 * HOUR)
    watched.was("degraded", NOW - 6 * HOUR, None)
    watched.measure()
    assert watched.figures("uptime_24h", "coverage_24h") == [round(100 * 18 / 21, 6), 87.5]
    assert watched.figures("uptime_7d", "uptime_30d") == [round(100 * 162 / 165, 6), round(100 * 234 / 237, 6)]
    assert watched.figures("uptime_90d", "coverage_90d") == [round(100 * 234 / 237, 6), round(100 * 237 / 2160, 6)]
    assert watched.figures("days", "measured_at") == ["u" * 79 + "o" * 10 + "m", NOW]
    assert watched.day(NOW.date()) == (0, 6, 3, 0, 3)
    assert watched.day(NOW.date() - 10 * DAY) == (12, 0, 0, 0, 12)


def test_maintenance_is_left_out_also_of_days_long_gone_when_it_is_planned_late(watched: Watched) -> None:
    watched.was("major_outage", NOW - 3 * DAY, NOW - 2 * DAY)
    watched.was("operational", NOW - 2 * DAY, None)
    watched.measure()
    assert watched.figures("days")[0].endswith("ummoo")
    watched.plan(NOW - 3 * DAY, NOW - 2 * DAY)
    watched.plan(NOW - 30 * HOUR, NOW - 29 * HOUR, "FREQ=DAILY")
    watched.measure(watched.minute_of_all)
    assert watched.figures("days")[0].endswith("uwooo")
    assert watched.figures("uptime_7d") == [100]
    assert watched.day(NOW.date() - 3 * DAY) == (0, 0, 0, 12, 12)
    assert watched.day(NOW.date() - DAY) == (23, 0, 0, 1, 0)


def test_once_an_hour_all_days_are_measured_else_today_and_yesterday_and_the_letters_kept(watched: Watched) -> None:
    watched.was("operational", NOW - 5 * DAY, None)
    watched.measure(NOW - MINUTE)
    watched.database.rows("UPDATE endpoint_figures SET days = repeat('d', 44) || repeat('p', 46)")
    watched.database.rows("UPDATE endpoint_days SET down_seconds = 1")
    watched.measure(watched.minute_of_all + MINUTE)
    assert watched.figures("days") == ["d" * 44 + "p" * 44 + "oo"]
    assert watched.database.one("SELECT count(*) FROM endpoint_days WHERE down_seconds = 1") == 88
    watched.measure(watched.minute_of_all)
    assert watched.figures("days") == ["u" * 84 + "o" * 6]
    assert watched.database.one("SELECT count(*) FROM endpoint_days WHERE down_seconds = 1") == 0


def test_at_midnight_the_letters_move_on_by_a_day(watched: Watched) -> None:
    watched.was("operational", NOW - 5 * DAY, None)
    watched.measure(watched.minute_of_all + MINUTE)
    watched.database.rows("UPDATE endpoint_figures SET days = repeat('d', 44) || repeat('p', 46)")
    watched.measure(watched.minute_of_all + MINUTE + 12 * HOUR)
    assert watched.figures("days") == ["d" * 43 + "p" * 45 + "ou"]
    watched.measure(watched.minute_of_all + MINUTE + 3 * DAY)
    assert watched.figures("days")[0].endswith("uu" + "o" * 6 + "uuu")


def test_days_that_are_as_stored_are_not_written_again(watched: Watched) -> None:
    watched.was("operational", NOW - 5 * DAY, None)
    watched.measure()
    written = "SELECT array_agg(xmin::text ORDER BY day) FROM endpoint_days"
    before = watched.database.one(written)
    watched.measure(NOW + HOUR)
    after = watched.database.one(written)
    assert len(before) == 90
    assert (after[:-1], after[-1] != before[-1]) == (before[:-1], True)


def test_what_nobody_watches_any_more_is_unknown_after_its_evidence(watched: Watched) -> None:
    watched.was("operational", NOW - DAY, None)
    watched.measure(NOW + 12 * HOUR)
    assert watched.figures("uptime_24h") == [100]
    assert watched.day(NOW.date()) == (13, 0, 0, 0, 11)


def test_time_before_it_was_made_is_no_time_of_an_endpoint(watched: Watched) -> None:
    watched.database.rows("UPDATE endpoints SET created_at = %s", NOW - 2 * HOUR)
    watched.was("operational", NOW - HOUR, None)
    watched.measure()
    assert watched.figures("uptime_90d", "coverage_24h", "coverage_90d") == [100, 50, 50]
    assert watched.database.one("SELECT count(*) FROM endpoint_days") == 1


def test_an_endpoint_that_was_never_checked_has_no_uptime(watched: Watched) -> None:
    watched.measure()
    assert watched.figures("uptime_24h", "coverage_24h", "days") == [None, 0, "u" * 90]


def test_a_plan_that_cannot_be_followed_keeps_nobody_from_their_figures(watched: Watched) -> None:
    watched.was("operational", NOW - DAY, None)
    watched.plan(NOW, NOW + HOUR, "FREQ=SECONDLY")
    watched.measure()
    assert watched.figures("uptime_24h") == [100]


def test_response_times_are_left_to_whom_they_belong(watched: Watched) -> None:
    watched.measure()
    watched.database.rows("UPDATE endpoint_figures SET response_p95_24h_ms = 7")
    watched.measure(NOW + HOUR)
    assert watched.figures("response_p95_24h_ms") == [7]
