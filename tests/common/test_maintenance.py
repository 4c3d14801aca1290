"""Plans and their occurrences: rules against a well-known library, wall clocks against a search, limits and words."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from common.maintenance import Calendar, Occurrence, Plan, check_plan, covering, merged, next_occurrence, occurrences
from common.recurrence import WEEKDAYS, days_of_rule, parse_rule

START = datetime(2026, 3, 28, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NINETEEN_CYCLES = 19 * 400 * 365.2425 * DAY  # of the calendar: 7600 years later all is the same


def plan(rrule: str | None = None, starts_at: datetime = START, length: timedelta = HOUR, **rest: object) -> Plan:
    """A plan of that length."""
    return Plan(1, starts_at, starts_at + length, rrule, **rest)  # type: ignore[arg-type]  # each test names its own


def begins(found: Plan, days: int = 5) -> list[str]:
    """When its occurrences begin within so many days, in UTC."""
    return [f"{one.begins_at:%m-%d %H:%M}" for one in occurrences(found, found.starts_at, found.starts_at + days * DAY)]


@pytest.mark.parametrize(
    ("zone", "start", "expected"),
    [
        ("Europe/Berlin", "2026-03-28T01:30", ["03-28 01:30", "03-29 01:30", "03-30 00:30"]),  # 02:30 is skipped
        ("Europe/Berlin", "2026-10-24T00:30", ["10-24 00:30", "10-25 00:30", "10-26 01:30"]),  # 02:30 comes twice
        ("Europe/Berlin", "2026-10-25T01:30", ["10-25 01:30", "10-26 01:30", "10-27 01:30"]),  # begun at the second
        ("America/New_York", "2026-03-07T07:30", ["03-07 07:30", "03-08 07:30", "03-09 06:30"]),
        ("Australia/Lord_Howe", "2026-10-02T15:45", ["10-02 15:45", "10-03 15:45", "10-04 15:15"]),
        ("UTC", "2026-03-28T02:30", ["03-28 02:30", "03-29 02:30", "03-30 02:30"]),
    ],
)
def test_it_recurs_by_the_wall_clock(zone: str, start: str, expected: list[str]) -> None:
    starts_at = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert begins(plan("FREQ=DAILY", starts_at, timezone=zone), 3)[:3] == expected


@pytest.mark.parametrize(
    ("rrule", "expected"),
    [
        (None, ["03-28 01:30"]),
        ("FREQ=DAILY;COUNT=3", ["03-28 01:30", "03-29 01:30", "03-30 01:30"]),
        ("FREQ=DAILY;UNTIL=20260329T013000Z", ["03-28 01:30", "03-29 01:30"]),
        ("FREQ=DAILY;UNTIL=20260329T012959Z", ["03-28 01:30"]),
        ("FREQ=DAILY;UNTIL=20260329", ["03-28 01:30", "03-29 01:30"]),
        ("FREQ=DAILY;INTERVAL=2", ["03-28 01:30", "03-30 01:30", "04-01 01:30"]),
        ("freq=weekly;byday=mo,tu", ["03-28 01:30", "03-30 01:30", "03-31 01:30"]),
        ("FREQ=WEEKLY;BYDAY=MO,SU;BYSETPOS=1", ["03-28 01:30", "03-30 01:30"]),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=-1", ["03-28 01:30", "03-31 01:30"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ["03-28 01:30"]),
    ],
)
def test_the_first_occurrence_always_is_one_and_the_first_to_count(rrule: str | None, expected: list[str]) -> None:
    assert begins(plan(rrule)) == expected


def test_nothing_reaches_beyond_the_end_of_repeating() -> None:
    found = plan("FREQ=DAILY", length=2 * HOUR, repeats_until=START + DAY + HOUR)
    assert list(occurrences(found, START, START + 9 * DAY)) == [
        Occurrence(START, START + 2 * HOUR),
        Occurrence(START + DAY, START + DAY + HOUR),
    ]
    assert list(occurrences(plan("FREQ=DAILY", repeats_until=START), START, START + DAY)) == []


def test_an_occurrence_counts_from_its_beginning_until_just_before_its_end() -> None:
    plans = [plan("FREQ=DAILY", endpoint_ids=frozenset({1, 2}))]
    assert covering(plans, 1, START) == plans
    assert covering(plans, 2, START + DAY + HOUR - timedelta(microseconds=1)) == plans
    assert covering(plans, 1, START + HOUR) == covering(plans, 1, START - timedelta(microseconds=1)) == []
    assert covering(plans, 3, START) == []
    assert covering([plan()], 3, START) == [plan()]


def test_the_next_occurrence_is_the_one_that_runs_or_else_the_next() -> None:
    daily = plan("FREQ=DAILY")
    assert next_occurrence(daily, START - 99 * DAY) == Occurrence(START, START + HOUR)
    assert next_occurrence(daily, START + HOUR / 2) == Occurrence(START, START + HOUR)
    assert next_occurrence(daily, START + HOUR) == Occurrence(START + DAY, START + DAY + HOUR)
    assert next_occurrence(plan(), START + HOUR) is None
    assert next_occurrence(plan("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), START + DAY) is None
    leap = next_occurrence(plan("FREQ=YEARLY", datetime(2096, 2, 29, tzinfo=UTC)), datetime(2097, 1, 1, tzinfo=UTC))
    assert leap is not None
    assert leap.begins_at == datetime(2104, 2, 29, tzinfo=UTC)


def test_occurrences_that_overlap_or_touch_are_one_where_sums_are_made() -> None:
    found = [Occurrence(START + 3 * HOUR, START + 4 * HOUR), Occurrence(START, START + 2 * HOUR)]
    found += [Occurrence(START + HOUR, START + HOUR * 1.5), Occurrence(START + 2 * HOUR, START + 2.5 * HOUR)]
    assert merged(found) == [Occurrence(START, START + 2.5 * HOUR), Occurrence(START + 3 * HOUR, START + 4 * HOUR)]


def test_a_calendar_gives_each_endpoint_its_own_and_everybodys_plans() -> None:
    own, everybodys = plan(endpoint_ids=frozenset({1})), plan(starts_at=START + HOUR / 2)
    calendar = Calendar([own, everybodys], START - DAY, START + DAY)
    assert calendar.of(1) == [Occurrence(START, START + 1.5 * HOUR)]
    assert calendar.of(2) == [Occurrence(START + HOUR / 2, START + 1.5 * HOUR)]


@pytest.mark.parametrize(
    ("rrule", "reason"),
    [
        ("", "no NAME=VALUE"),
        ("daily", "no NAME=VALUE"),
        ("FREQ=DAILY\nDTSTART:20260101", "FREQ must be"),
        ("FREQ=DAILY;DTSTART=20260101", "DTSTART is not supported"),
        ("FREQ=DAILY;BYHOUR=3", "BYHOUR is not supported"),
        ("FREQ=SECONDLY", "FREQ must be one of"),
        ("FREQ=HOURLY", "FREQ must be one of"),
        ("INTERVAL=2", "FREQ must be one of"),
        ("FREQ=DAILY;FREQ=DAILY", "said twice"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be"),
        ("FREQ=DAILY;INTERVAL=1e9", "INTERVAL must be"),
        ("FREQ=DAILY;INTERVAL=٣", "INTERVAL must be"),
        ("FREQ=DAILY;COUNT=9999", "COUNT must be"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "exclude each other"),
        ("FREQ=DAILY;UNTIL=20270101T000000", "UNTIL must be"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL must be"),
        ("FREQ=WEEKLY;BYDAY=XX", "no weekday"),
        ("FREQ=WEEKLY;BYDAY=2MO", "needs FREQ=MONTHLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=2", "makes no sense"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "must not be 0"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY must be"),
        ("FREQ=MONTHLY;BYMONTH=13", "BYMONTH must be"),
        ("FREQ=MONTHLY;BYSETPOS=1", "needs something"),
        ("FREQ=DAILY" + ";BYMONTH=1" * 99, "at most 500"),
    ],
)
def test_a_rule_that_is_not_followed_is_refused_with_its_reason(rrule: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_plan(plan(rrule))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (plan(length=timedelta(0)), "must end after"),
        (plan(length=31 * DAY), "at most 30 days"),
        (plan(starts_at=datetime(9500, 1, 1, tzinfo=UTC)), "before the year"),
        (plan(timezone="Mars/Olympus"), "no time zone"),
        (plan(timezone="../../etc/passwd"), "no time zone"),
        (plan(timezone=""), "no time zone"),
        (plan(timezone="Europe"), "no time zone"),
        (plan(timezone="localtime"), "no time zone"),
        (plan(timezone="right/UTC"), "no time zone"),
        (plan(repeats_until=START), "only maintenance with a rule"),
        (plan("FREQ=DAILY", repeats_until=START - HOUR), "must not stop"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_its_reason(found: Plan, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_plan(found)


def test_a_sound_plan_is_taken() -> None:
    check_plan(plan("FREQ=MONTHLY;BYDAY=-1FR", timezone="America/Argentina/Buenos_Aires", repeats_until=START))
    assert [f"{day:%d}" for day in islice(days(parse("FREQ=MONTHLY;BYDAY=-1FR")), 3)] == ["01", "30", "27"]


def parse(rrule: str) -> str:
    parse_rule(rrule)
    return rrule


def days(rrule: str, start: date = date(2026, 1, 1), last: date = date(2032, 1, 1)) -> list[date]:
    return list(days_of_rule(parse_rule(rrule), start, start, last))


numbers = st.integers(min_value=1, max_value=5)
plain_days = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True)
ordinal_days = st.builds("{}{}".format, st.sampled_from((-5, -2, -1, 1, 2, 3, 5)), st.sampled_from(WEEKDAYS))


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Any rule that we and the library both follow: it would not count BYSETPOS over the whole of the first week."""
    frequency = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(numbers)}", f"WKST={draw(st.sampled_from(WEEKDAYS))}"]
    if draw(st.booleans()):
        months = st.lists(st.integers(1, 12), min_size=1, max_size=4)
        parts.append("BYMONTH=" + ",".join(map(str, draw(months))))
    if frequency != "WEEKLY" and draw(st.booleans()):
        month_days = st.lists(st.sampled_from((1, 2, 15, 29, 30, 31, -1, -2, -31)), min_size=1, max_size=3)
        parts.append("BYMONTHDAY=" + ",".join(map(str, draw(month_days))))
    if draw(st.booleans()):
        is_ordinal = frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans())
        parts.append("BYDAY=" + ",".join(draw(st.lists(ordinal_days, min_size=1) if is_ordinal else plain_days)))
    has_choice = any(part.startswith(("BYMONTHDAY", "BYDAY")) for part in parts)
    if has_choice and frequency != "WEEKLY" and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(st.sampled_from((1, 2, -1, -2)))}")
    return ";".join(parts)


@settings(max_examples=400)
@given(rules(), st.dates(date(2391, 1, 1), date(2397, 1, 1)), st.integers(0, 500), st.integers(0, 12))
def test_the_days_of_a_rule_are_those_of_a_well_known_library(rule: str, start: date, skip: int, count: int) -> None:
    first, last = start + skip * DAY, start + (skip + 400) * DAY
    found = searched(rule, start, last)
    expected = [start, *(day for day in found if start < day)][: count or None]
    text = f"{rule};COUNT={count}" if count else rule
    assert list(days_of_rule(parse_rule(text), start, first, last)) == [day for day in expected if first <= day]


def searched(rule: str, start: date, last: date) -> Iterator[date]:
    """The library's days. It is asked for the last years there are, since it searches on until their end."""
    later = datetime.combine(start + NINETEEN_CYCLES, datetime.min.time())
    with suppress(ValueError):  # how the library meets that end
        for found in rrulestr(rule, dtstart=later):
            day = found.date() - NINETEEN_CYCLES
            if day > last:
                return
            yield day


@given(
    st.sampled_from(("Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia")), st.integers(0, 8759)
)
def test_every_occurrence_begins_at_the_time_of_day_of_the_first_unless_there_is_none(zone: str, hour: int) -> None:
    first = datetime(2011, 1, 1, 0, 30, tzinfo=UTC) + hour * HOUR
    found = plan("FREQ=DAILY", first, timezone=zone)
    wall = first.astimezone(ZoneInfo(zone)).time()
    for one in occurrences(found, first + 100 * DAY, first + 110 * DAY):
        local = one.begins_at.astimezone(ZoneInfo(zone))
        is_shown = local.time() == wall
        assert is_shown or local.utcoffset() != (local - DAY).utcoffset()
        assert one.ends_at - one.begins_at == HOUR
