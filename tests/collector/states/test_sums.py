"""Sums over time in words: uptime, coverage, the letters of days, and who need not be told of."""

from datetime import UTC, date, datetime, timedelta

import pytest

from collector.states.days import days_of, letters
from collector.states.intervals import Interval, Segment, faults, overlay, segments_of
from collector.states.silence import silence
from collector.states.uptime import Uptime, share, uptime
from common.maintenance import Occurrence
from common.states import DEGRADED, MAINTENANCE, MAJOR_OUTAGE, OPERATIONAL, UNKNOWN, State

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
ZERO = timedelta(0)


def hours(operational: float, down: float = 0, degraded: float = 0, maintenance: float = 0) -> Uptime:
    """A day spent so; the rest of it is unknown."""
    known = operational + down + degraded + maintenance
    return Uptime(operational * HOUR, degraded * HOUR, down * HOUR, maintenance * HOUR, DAY - known * HOUR)


def test_uptime_leaves_out_maintenance_and_what_nobody_watched() -> None:
    intervals = [
        Interval(OPERATIONAL, NOON - 10 * HOUR, NOON - 6 * HOUR),
        Interval(UNKNOWN, NOON - 6 * HOUR, NOON - 5 * HOUR),
        Interval(MAJOR_OUTAGE, NOON - 5 * HOUR, NOON - 3 * HOUR),
        Interval(DEGRADED, NOON - 3 * HOUR),
    ]
    segments = overlay(segments_of(intervals, NOON - HOUR), [Occurrence(NOON - 4 * HOUR, NOON - 2 * HOUR)])
    found = uptime(segments, NOON - 20 * HOUR, NOON)
    assert found == Uptime(4 * HOUR, 1 * HOUR, 1 * HOUR, 2 * HOUR, 12 * HOUR)
    assert found.percent == pytest.approx(100 * 5 / 6)
    assert found.coverage == pytest.approx(100 * 6 / 18)


def test_nothing_watched_is_no_uptime_and_nothing_but_maintenance_no_coverage() -> None:
    assert uptime([], NOON, NOON + HOUR).percent is None
    assert uptime([], NOON, NOON + HOUR).coverage == 0
    planned = uptime([Segment(MAINTENANCE, NOON, NOON + HOUR)], NOON, NOON + HOUR)
    assert (planned.percent, planned.coverage, planned.unknown) == (None, None, ZERO)
    assert uptime([], NOON, NOON).coverage is None


def test_no_outage_is_rounded_away() -> None:
    assert share(90 * DAY, 90 * DAY) == 100
    assert share(10**4 * DAY - timedelta(microseconds=1), 10**4 * DAY) == 99.999999


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (hours(24), "o"),
        (hours(0.01), "o"),
        (hours(23, degraded=1), "o"),
        (hours(22, degraded=2), "d"),
        (hours(23.5, down=0.5), "p"),
        (hours(22, down=0.5, degraded=1.5), "p"),
        (hours(23, down=1), "m"),
        (hours(0.2, down=0.3), "m"),
        (hours(0, maintenance=24), "w"),
        (hours(0, maintenance=1), "w"),
        (hours(1, maintenance=23), "o"),
        (hours(0), "u"),
    ],
)
def test_a_day_has_the_letter_of_the_worst_that_is_worth_saying(day: Uptime, expected: str) -> None:
    assert letters([day]) == expected


def test_a_leap_day_is_a_day_and_the_last_one_counts_so_far() -> None:
    segments = [Segment(OPERATIONAL, NOON - 20 * HOUR, NOON + HOUR)]
    before, leap = days_of(segments, date(2024, 2, 28), NOON + HOUR)
    assert (before.operational, before.unknown) == (8 * HOUR, 16 * HOUR)
    assert (leap.operational, leap.unknown) == (13 * HOUR, ZERO)
    assert [day.unknown for day in days_of([], date(2024, 2, 28), NOON + DAY)] == [DAY, DAY, 12 * HOUR]


def test_faults_of_a_history_are_found() -> None:
    sound = [Interval(OPERATIONAL, NOON, NOON + HOUR), Interval(UNKNOWN, NOON + HOUR)]
    assert faults(sound) == []
    assert len(faults([Interval(OPERATIONAL, NOON, NOON)])) == 1
    assert len(faults([sound[0], Interval(UNKNOWN, NOON)])) == 1
    assert len(faults([sound[0], Interval(OPERATIONAL, NOON + HOUR)])) == 1


PARENTS: dict[int, int | None] = {1: None, 2: 1, 3: 2, 4: 5, 5: 4, 6: 6}


@pytest.mark.parametrize(
    ("endpoint", "states", "maintained", "reason"),
    [
        (3, {}, set(), None),
        (3, {3: MAJOR_OUTAGE}, set(), None),
        (3, {3: MAJOR_OUTAGE}, {3}, "maintenance"),
        (3, {2: MAJOR_OUTAGE}, set(), "parent_outage"),
        (3, {1: MAJOR_OUTAGE}, set(), "parent_outage"),
        (3, {1: DEGRADED}, set(), None),
        (3, {}, {1}, "parent_maintenance"),
        (1, {2: MAJOR_OUTAGE, 3: MAJOR_OUTAGE}, {2}, None),
        (4, {4: MAJOR_OUTAGE}, set(), None),
        (4, {5: MAJOR_OUTAGE}, set(), "parent_outage"),
        (6, {6: MAJOR_OUTAGE}, set(), None),
        (9, {}, set(), None),
    ],
)
def test_parents_and_maintenance_silence(
    endpoint: int, states: dict[int, State], maintained: set[int], reason: str | None
) -> None:
    assert silence(endpoint, PARENTS, states, maintained) == reason
