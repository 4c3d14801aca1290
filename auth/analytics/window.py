"""Of which time analytics tells, and in what steps. Pure.

Minutes are whole for six days; what is longer ago is known by the hour, so a span that begins or ends there is widened
to whole hours. The answer says which span it took.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)  # where PostgreSQL's date_bin is told to begin, too
MINUTES_ARE_WHOLE_FOR = 6 * DAY
SPAN = DAY
WEEK = 7 * DAY
HOURS_SHOWN = 24
MOST_BY_THE_HOUR = 31 * DAY + HOUR  # 31 days, widened to whole hours
LONGEST = 3660 * DAY
MOST_BEHIND = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Window:
    """A span, the step in which it is told over time, and the first of these steps; whether anybody asked for it."""

    since: datetime
    until: datetime
    step: timedelta
    first: datetime
    is_asked: bool

    @property
    def starts(self) -> list[datetime]:
        """When each step begins, in order."""
        return starts_of(self.first, self.until, self.step)


def window_of(since: datetime | None, until: datetime | None, now: datetime) -> Window:
    """The span that was asked for, up to now; without one the last 24 hours.

    Raises ValueError as (field, reason) for one that cannot be told.
    """
    end = end_of(now)
    last = min(ceil(until, MINUTE), end) if until else end
    begin = floor(since or min(until or now, now) - SPAN, MINUTE)
    if begin >= last:
        raise ValueError("from", "must be before to, and not to come")
    begin, last = _widen(begin, last, now)
    if last - begin > LONGEST:
        raise ValueError("from", f"must be at most {LONGEST.days} days before to")
    step = HOUR if last - begin <= MOST_BY_THE_HOUR else DAY
    is_asked = bool(since or until)
    first = floor(begin, step) if is_asked else floor(now, HOUR) - (HOURS_SHOWN - 1) * HOUR
    return Window(begin, last, step, first, is_asked)


def _widen(begin: datetime, last: datetime, now: datetime) -> tuple[datetime, datetime]:
    first_whole = ceil(now - MINUTES_ARE_WHOLE_FOR, HOUR)
    return (
        begin if begin >= first_whole else floor(begin, HOUR),
        last if last >= first_whole else ceil(last, HOUR),
    )


def end_of(now: datetime) -> datetime:
    """Where the minute ends that is running."""
    return floor(now, MINUTE) + MINUTE


def newest_minute(now: datetime) -> datetime:
    """The newest minute that is over, and whose requests have had the time to be stored."""
    return floor(now - MOST_BEHIND, MINUTE) - MINUTE


def floor(moment: datetime, step: timedelta) -> datetime:
    """The beginning of the step that the moment is in."""
    return ORIGIN + (moment - ORIGIN) // step * step


def ceil(moment: datetime, step: timedelta) -> datetime:
    """The end of the step that the moment is in; one that begins a step is its own."""
    return ORIGIN - (ORIGIN - moment) // step * step


def starts_of(first: datetime, until: datetime, step: timedelta) -> list[datetime]:
    """The beginnings of the steps from `first` on, before `until`."""
    return [first + number * step for number in range(-((first - until) // step))]
