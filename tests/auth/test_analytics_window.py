"""The span that analytics tells of: pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.analytics.window import DAY, HOUR, LONGEST, MINUTE, MINUTES_ARE_WHOLE_FOR, ORIGIN, window_of

NOW = datetime(2026, 11, 22, 13, 37, 21, tzinfo=UTC)
ages = st.timedeltas(timedelta(seconds=1), LONGEST - 2 * DAY)


def is_on(moment: datetime, step: timedelta) -> bool:
    return (moment - ORIGIN) % step == timedelta(0)


@given(ages, ages)
def test_a_window_holds_what_was_asked_on_borders_that_are_known(age: timedelta, length: timedelta) -> None:
    since, until = NOW - age, min(NOW - age + length, NOW)
    found = window_of(since, until, NOW)
    assert found.since <= since < until <= found.until
    for edge, asked in ((found.since, since), (found.until, until)):
        assert is_on(edge, MINUTE if asked >= NOW - MINUTES_ARE_WHOLE_FOR else HOUR)
        assert abs(edge - asked) < HOUR
    assert found.starts[0] <= found.since < found.starts[0] + found.step
    assert found.starts[-1] < found.until <= found.starts[-1] + found.step


def test_without_a_span_it_is_the_last_day_in_24_hours() -> None:
    found = window_of(None, None, NOW)
    assert (found.since, found.until) == (
        datetime(2026, 11, 21, 13, 37, tzinfo=UTC),
        datetime(2026, 11, 22, 13, 38, tzinfo=UTC),
    )
    assert len(found.starts) == 24
    assert found.starts[-1] == datetime(2026, 11, 22, 13, tzinfo=UTC)


def test_an_end_alone_has_a_day_before_it() -> None:
    found = window_of(None, NOW - 100 * DAY, NOW)
    assert found.until - found.since == DAY + HOUR
    assert found.is_asked


def test_what_is_to_come_is_cut_off() -> None:
    assert window_of(NOW - HOUR, NOW + DAY, NOW).until == datetime(2026, 11, 22, 13, 38, tzinfo=UTC)
    assert window_of(None, NOW + 100 * DAY, NOW).since == datetime(2026, 11, 21, 13, 37, tzinfo=UTC)


@pytest.mark.parametrize(("days", "step"), [(1, HOUR), (31, HOUR), (32, DAY), (3659, DAY)])
def test_a_long_span_is_told_by_the_day(days: int, step: timedelta) -> None:
    assert window_of(NOW - days * DAY, None, NOW).step == step


@pytest.mark.parametrize(
    ("since", "until"), [(NOW, NOW - HOUR), (NOW + HOUR, None), (NOW - LONGEST - DAY, None)], ids=str
)
def test_a_span_that_cannot_be_told_names_its_field(since: datetime, until: datetime | None) -> None:
    with pytest.raises(ValueError, match="from"):
        window_of(since, until, NOW)
