"""Days (of UTC): how each was spent, and the one letter that stands for it in the bars of the status page."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from collector.states.intervals import Segment
from collector.states.uptime import ZERO, Uptime, made_of
from common.states import DEGRADED, MAINTENANCE, MAJOR_OUTAGE, OPERATIONAL

Letter = Literal["o", "d", "p", "m", "w", "u"]

DAY = timedelta(days=1)
MAJOR_DOWN = timedelta(hours=1)
MAJOR_SHARE = 0.5
DEGRADED_SHARE = 0.05


def days_of(segments: Iterable[Segment], first: date, now: datetime) -> list[Uptime]:
    """How each day from `first` to that of `now` was spent; the last one so far."""
    begin = midnight(first)
    spent = [
        dict.fromkeys((OPERATIONAL, DEGRADED, MAJOR_OUTAGE, MAINTENANCE), ZERO)
        for _ in range((now.date() - first).days + 1)
    ]
    for segment in segments:
        if segment.state in spent[0]:
            for number, length in _by_day(max(segment.began_at, begin), min(segment.ended_at, now), begin):
                spent[number][segment.state] += length
    last = len(spent) - 1
    return [made_of(one, DAY if number < last else now - midnight(now.date())) for number, one in enumerate(spent)]


def letter(day: Uptime) -> Letter:
    """The worst that is worth saying of a day.

    u nothing was watched, w nothing but maintenance; m down for an hour or for more than half of the time watched,
    p down for less; d degraded for more than a twentieth of it; o operational.
    """
    watched = day.watched
    if not watched:
        return "w" if day.maintenance else "u"
    if day.down >= MAJOR_DOWN or day.down / watched > MAJOR_SHARE:
        return "m"
    if day.down:
        return "p"
    return "d" if day.degraded / watched > DEGRADED_SHARE else "o"


def letters(days: Iterable[Uptime]) -> str:
    """A letter for each day."""
    return "".join(letter(day) for day in days)


def midnight(day: date) -> datetime:
    """The beginning of a day."""
    return datetime.combine(day, time(), UTC)


def _by_day(begin: datetime, until: datetime, origin: datetime) -> Iterator[tuple[int, timedelta]]:
    """How much of [begin, until) is in which day, counted from that of `origin`."""
    while begin < until:
        number = (begin - origin) // DAY
        end = min(until, origin + DAY * (number + 1))
        yield number, end - begin
        begin = end
