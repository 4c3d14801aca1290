"""From when to when, and in what steps, figures over time are read. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DEFAULT_SPAN = HOUR
MOST_POINTS = 2000
MINUTES_KEPT = timedelta(days=30)
MINUTES_SUFFICE = timedelta(days=2)
STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440, 10_080, 43_200, 525_600))


@dataclass(frozen=True, slots=True)
class Span:
    """A time in steps; `by_hour` when it is read from the hours, else from the minutes."""

    since: datetime
    until: datetime
    step: timedelta
    by_hour: bool


def span_of(since: datetime | None, until: datetime | None, step_seconds: int | None, now: datetime) -> Span:
    """The span that was asked for, its last hour and the finest step that gives no more than 2,000 points by default.

    Raises ValueError as (field, reason) for one that cannot be read.
    """
    end = until or now
    begin = since or end - DEFAULT_SPAN
    if begin >= end:
        raise ValueError("from", "must be before to")
    is_old = now - begin > MINUTES_KEPT
    finest = HOUR if is_old else MINUTE
    fitting = max(finest, (end - begin) / MOST_POINTS)
    step = timedelta(seconds=step_seconds) if step_seconds else next(step for step in STEPS if step >= fitting)
    if is_old and step < HOUR:
        raise ValueError("step", "must be at least 3600: minutes are kept for 30 days only")
    if (end - begin) / step > MOST_POINTS:
        raise ValueError(
            "step", f"must be at least {-(-(end - begin) // (timedelta(seconds=1) * MOST_POINTS))} for this span"
        )
    return Span(begin, end, step, by_hour=step >= HOUR and now - begin > MINUTES_SUFFICE)
