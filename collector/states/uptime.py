"""Uptime: arithmetic on time. Time in which nobody watched is unknown, never up; maintenance is left out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.states.intervals import Segment
from common.states import DEGRADED, MAINTENANCE, MAJOR_OUTAGE, OPERATIONAL

ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Uptime:
    """How a stretch of time was spent; the parts make up its length."""

    operational: timedelta
    degraded: timedelta
    down: timedelta
    maintenance: timedelta
    unknown: timedelta

    @property
    def watched(self) -> timedelta:
        """The time that says something about the endpoint: it was watched, and not maintained."""
        return self.operational + self.degraded + self.down

    @property
    def percent(self) -> float | None:
        """The share of the watched time in which it was up, degraded or not; None when nobody watched."""
        return share(self.operational + self.degraded, self.watched)

    @property
    def coverage(self) -> float | None:
        """The share of the time outside maintenance in which somebody watched; None when all of it was maintenance."""
        return share(self.watched, self.watched + self.unknown)


def share(part: timedelta, whole: timedelta) -> float | None:
    """In percent; None of nothing. 100 and 0 only when it is exactly that: no outage is rounded away."""
    if not whole:
        return None
    percent = 100 * (part / whole)
    return min(percent, 99.999999) if part < whole else 100.0


def uptime(segments: Iterable[Segment], begin: datetime, until: datetime) -> Uptime:
    """How [begin, until) was spent, by the segments of a timeline (see `overlay`)."""
    spent = dict.fromkeys((OPERATIONAL, DEGRADED, MAJOR_OUTAGE, MAINTENANCE), ZERO)
    for segment in segments:
        first, last = max(segment.began_at, begin), min(segment.ended_at, until)
        if first < last and segment.state in spent:
            spent[segment.state] += last - first
    return made_of(spent, max(until - begin, ZERO))


def made_of(spent: dict[str, timedelta], length: timedelta) -> Uptime:
    """The time spent by state; what is left of `length` is unknown."""
    return Uptime(
        operational=spent[OPERATIONAL],
        degraded=spent[DEGRADED],
        down=spent[MAJOR_OUTAGE],
        maintenance=spent[MAINTENANCE],
        unknown=length - sum(spent.values(), ZERO),
    )
