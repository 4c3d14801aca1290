"""Planned maintenance: from plans to occurrences. Occurrences are never stored, so all who ask must ask here.

A plan that recurs does so by the wall clock of its zone. A time of day that a day does not have, since the clock went
forward over it, is read with the offset from before (02:30 begins at 03:30); one that it has twice is the first. An
occurrence lasts as long as the first one in real seconds. Nothing of a plan reaches beyond `repeats_until`.
Knows nothing of the database, nor what maintenance is good for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

from common.recurrence import LAST_YEAR, Rule, days_of_rule, parse_rule

LONGEST = timedelta(days=30)
LOOK_AHEAD = timedelta(days=10 * 366)  # a 29 February may be eight years away
MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)
LAST = datetime(LAST_YEAR, 1, 1, tzinfo=UTC)
NOWHERE = frozenset({"localtime", "posixrules", "Factory"})  # another zone on each machine, or none
OTHER_CLOCKS = ("posix/", "right/")  # copies of all zones, of which some count leap seconds


class Occurrence(NamedTuple):
    """A time in which maintenance is planned: from `begins_at` until just before `ends_at`."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """Maintenance, once or recurring, of some endpoints or of all; it starts and ends as its first occurrence does."""

    id: int
    starts_at: datetime
    ends_at: datetime
    rrule: str | None = None
    timezone: str = "UTC"
    repeats_until: datetime | None = None
    endpoint_ids: frozenset[int] | None = None  # None: all, also those that are added later

    def concerns(self, endpoint_id: int) -> bool:
        """Whether that endpoint is part of it."""
        return self.endpoint_ids is None or endpoint_id in self.endpoint_ids


class Calendar:
    """The occurrences of many plans within a time, by endpoint; each plan is expanded once."""

    def __init__(self, plans: Iterable[Plan], begin: datetime, until: datetime) -> None:
        self._by_endpoint: dict[int, list[Occurrence]] = {}
        self._of_all: list[Occurrence] = []
        for plan in plans:
            found = list(occurrences(plan, begin, until))
            for endpoint_id in plan.endpoint_ids or ():
                self._by_endpoint.setdefault(endpoint_id, []).extend(found)
            if plan.endpoint_ids is None:
                self._of_all += found
        self._of_all = merged(self._of_all)

    def of(self, endpoint_id: int) -> list[Occurrence]:
        """What is planned for that endpoint, merged."""
        own = self._by_endpoint.get(endpoint_id)
        return merged([*own, *self._of_all]) if own else self._of_all


def check_plan(plan: Plan) -> None:
    """Raises ValueError with the reason why a plan cannot be followed; its text is for whoever wrote the plan."""
    if plan.ends_at <= plan.starts_at:
        raise ValueError("maintenance must end after it starts")
    if plan.ends_at - plan.starts_at > LONGEST:
        raise ValueError(f"maintenance lasts at most {LONGEST.days} days at a time")
    if plan.ends_at > LAST:
        raise ValueError(f"maintenance must end before the year {LAST_YEAR}")
    zone_named(plan.timezone)
    if plan.rrule is None:
        if plan.repeats_until is not None:
            raise ValueError("only maintenance with a rule repeats until a moment")
        return
    parse_rule(plan.rrule)
    if plan.repeats_until is not None and plan.repeats_until < plan.starts_at:
        raise ValueError("maintenance must not stop repeating before it starts")


@lru_cache(maxsize=1000)
def zone_named(name: str) -> ZoneInfo:
    """The IANA zone; ValueError when there is none of that name."""
    try:
        if name in NOWHERE or name.startswith(OTHER_CLOCKS):
            raise KeyError(name)
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {name[:40]!r}; one is named like Europe/Berlin") from error


def occurrences(plan: Plan, begin: datetime, until: datetime) -> Iterator[Occurrence]:
    """Those that reach into [begin, until), in order, in UTC. Raises ValueError where rule or zone cannot be read."""
    found = _all_near(plan, begin, until)
    return (one for one in found if one.begins_at < min(until, one.ends_at) and one.ends_at > begin)


def merged(found: Iterable[Occurrence]) -> list[Occurrence]:
    """The same time in order, without overlap, touching ones made one."""
    result: list[Occurrence] = []
    for one in sorted(found):
        if result and one.begins_at <= result[-1].ends_at:
            result[-1] = Occurrence(result[-1].begins_at, max(result[-1].ends_at, one.ends_at))
        else:
            result.append(one)
    return result


def covering(plans: Iterable[Plan], endpoint_id: int, moment: datetime) -> list[Plan]:
    """The plans that put that endpoint in maintenance at that moment."""
    return [plan for plan in plans if plan.concerns(endpoint_id) and any(occurrences(plan, moment, moment + MOMENT))]


def next_occurrence(plan: Plan, now: datetime) -> Occurrence | None:
    """The one that runs, else the next; None when there is none within ten years."""
    return next(occurrences(plan, now, max(now, plan.starts_at) + LOOK_AHEAD), None)


def _all_near(plan: Plan, begin: datetime, until: datetime) -> Iterator[Occurrence]:
    """All that might reach into [begin, until), cut at `repeats_until`."""
    first = Occurrence(plan.starts_at, plan.ends_at)
    starts = chain([first.begins_at], _repetitions(plan, begin, until) if plan.rrule else ())
    length = first.ends_at - first.begins_at
    for start in starts:
        end = start + length
        yield Occurrence(start, end if plan.repeats_until is None else min(end, plan.repeats_until))


def _repetitions(plan: Plan, begin: datetime, until: datetime) -> Iterator[datetime]:
    """When those after the first begin."""
    zone, rule = zone_named(plan.timezone), parse_rule(plan.rrule or "")
    local = plan.starts_at.astimezone(zone)
    length = plan.ends_at - plan.starts_at
    first, last = _day(begin - length, zone) - DAY, _day(until, zone) + DAY
    for day in days_of_rule(rule, local.date(), first, last):
        start = datetime.combine(day, local.time(), zone).replace(fold=0).astimezone(UTC)
        if _is_over(rule, day, start):
            return
        if day > local.date():
            yield start


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return min(moment, LAST).astimezone(zone).date()


def _is_over(rule: Rule, day: date, start: datetime) -> bool:
    if isinstance(rule.until, datetime):
        return start > rule.until
    return rule.until is not None and day > rule.until
