"""Weekly schedules of codes, minute by minute, also where clocks are changed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.lock_protocol.schedule import DAYS, is_within

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CHANGES = {  # days on which clocks are changed there, by an hour or half of one, at night or at midnight
    "Europe/Berlin": ["2026-03-29", "2026-10-25"],
    "America/New_York": ["2026-03-08", "2026-11-01"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],
    "America/Santiago": ["2026-04-05", "2026-09-06"],
    "Asia/Kathmandu": ["2026-05-05"],
    "UTC": ["2026-05-05"],
}

clocks = st.one_of(st.integers(0, 1439), st.sampled_from([0, 60, 90, 120, 150, 180, 1380])).map(
    lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}"
)
spans = st.fixed_dictionaries(
    {
        "days": st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True),
        "from": clocks,
        "to": st.one_of(clocks, st.just("24:00")),
    }
)
places = st.sampled_from([(zone, day) for zone, days in CHANGES.items() for day in days])


def wall_minutes(schedule: list[dict[str, Any]], first: datetime, last: datetime) -> set[datetime]:
    """Each minute that a clock on the wall shows while the schedule is open, by walking the calendar."""
    found: set[datetime] = set()
    day = first.replace(hour=0, minute=0) - DAY
    while day <= last:
        for span in schedule:
            if DAYS[day.weekday()] in span["days"]:
                found.update(minutes_from(at_clock(day, span["from"]), at_clock(day, span["to"])))
        day += DAY
    return found


def at_clock(day: datetime, clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return day + timedelta(hours=int(hours), minutes=int(minutes))


def minutes_from(begin: datetime, end: datetime) -> Iterator[datetime]:
    end = end if end > begin else end + DAY
    while begin < end:
        yield begin
        begin += MINUTE


@settings(max_examples=25)
@given(schedule=st.lists(spans, min_size=1, max_size=4), place=places)
def test_it_is_open_when_a_clock_on_the_wall_says_so(schedule: list[dict[str, Any]], place: tuple[str, str]) -> None:
    zone, day = place
    noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    walk = [noon - DAY + number * MINUTE for number in range(0, 2 * 1440, 7)]
    walls = [moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in walk]
    open_minutes = wall_minutes(schedule, min(walls), max(walls))
    assert [is_within(schedule, zone, moment) for moment in walk] == [wall in open_minutes for wall in walls]


@pytest.mark.parametrize(
    ("day", "begins", "ends", "minutes"),
    [
        ("2026-03-29", "02:00", "03:00", 0),
        ("2026-03-29", "01:30", "03:30", 60),
        ("2026-10-25", "02:00", "03:00", 120),
        ("2026-10-25", "00:00", "24:00", 25 * 60),
        ("2026-03-29", "00:00", "24:00", 23 * 60),
        ("2026-06-07", "22:00", "06:00", 8 * 60),
    ],
)
def test_an_hour_left_out_is_never_open_and_one_that_comes_twice_is_both_times(
    day: str, begins: str, ends: str, minutes: int
) -> None:
    schedule = [{"days": ["sun"], "from": begins, "to": ends}]
    start = datetime.fromisoformat(day).replace(tzinfo=UTC) - DAY
    assert sum(is_within(schedule, "Europe/Berlin", start + n * MINUTE) for n in range(4 * 1440)) == minutes


def test_without_a_schedule_it_is_always_open() -> None:
    assert is_within(None, "Europe/Berlin", datetime(2026, 1, 1, tzinfo=UTC))
    assert not is_within([], "Europe/Berlin", datetime(2026, 1, 1, tzinfo=UTC))
