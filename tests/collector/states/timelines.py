"""Made-up timelines of checks and plans, and an oracle for them that asks every moment anew instead of folding.

The oracle is written from the rules, by looking at all checks at once: it has no memory, no steps and no intervals.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from collector.states.steps import Observation
from common.maintenance import Plan
from common.states import DEGRADED, MAJOR_OUTAGE, OPERATIONAL, UNKNOWN, Outcome

MOMENT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

STARTS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        "2026-03-28T12:00",  # the clocks of Berlin go forward in the night of the 29th
        "2026-10-24T12:00",  # and back on the 25th
        "2026-10-31T20:00",  # those of New York go back on the 1st
        "2024-02-28T06:00",
        "2025-02-27T06:00",
        "2026-12-31T00:00",
        "2026-05-04T23:59:58",
    )
)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca")


@dataclass(frozen=True)
class Timeline:
    """Checks as they came in, plans, and when it is looked at."""

    observations: list[Observation]
    plans: list[Plan]
    begin: datetime
    now: datetime


def make_timeline(seed: int) -> Timeline:
    """The timeline of that number."""
    chance = random.Random(seed)
    begin = chance.choice(STARTS)
    interval = chance.choice((timedelta(seconds=5), timedelta(minutes=1), HOUR, 4 * HOUR))
    observations = list(make_observations(chance, begin, interval))
    last = max((one.began_at for one in observations), default=begin)
    now = last + interval * chance.choice((-3, 0, 0.5, 1, 1.5, 20))
    plans = [make_plan(chance, begin, last - begin) for _ in range(chance.choice((0, 0, 1, 1, 2)))]
    return Timeline(observations, plans, begin, now)


def make_observations(chance: random.Random, begin: datetime, interval: timedelta) -> Iterator[Observation]:
    """Checks at about an interval, some missed, repeated, late, or from a clock that jumped."""
    at, outcome = begin, OPERATIONAL
    turbulence = chance.choice((0.1, 0.3, 0.9))
    for _ in range(chance.randrange(24)):
        if chance.random() < turbulence:
            outcome = chance.choice((OPERATIONAL, DEGRADED, MAJOR_OUTAGE))
        lasts = interval * chance.choice((0, 0.01, 0.5, 1.2))
        reach = interval * chance.choice((1.1, 1.1, 1.1, 1, 0.5, 3, 0, -1))
        yield Observation(at, at + lasts, outcome, at + reach)
        at += interval * chance.choice((1, 1, 1, 1, 1, 1.05, 1.1, 2, 7, 0, -0.5, -5))


def make_plan(chance: random.Random, begin: datetime, length: timedelta) -> Plan:
    """Maintenance at some time of the timeline, once or every day by the clock of some zone."""
    unit = max(length, HOUR)
    starts_at = begin + unit * chance.uniform(-0.5, 1)
    if chance.random() < 0.5:
        starts_at = starts_at.replace(minute=30, second=0, microsecond=0)
    rrule = chance.choice((None, "FREQ=DAILY", "FREQ=DAILY;INTERVAL=2"))
    ends_at = starts_at + chance.choice((timedelta(seconds=1), unit * 0.2, HOUR, 30 * HOUR))
    until = starts_at + unit if rrule and chance.random() < 0.3 else None
    return Plan(1, starts_at, ends_at, rrule, chance.choice(ZONES), until, chance.choice((None, frozenset({7}))))


class Oracle:
    """Answers for one timeline, each from scratch."""

    def __init__(self, timeline: Timeline) -> None:
        self._checks = list(_that_count(timeline.observations))
        self._reach = [max(one.valid_until, one.began_at + MOMENT) for one in self._checks]
        self._judged = [self._judge(place) for place in range(len(self._checks))]
        self._plans = [(_starts(plan, timeline), plan) for plan in timeline.plans]

    def state_at(self, moment: datetime) -> str | None:
        """The state without maintenance; None before the first check."""
        places = [place for place, one in enumerate(self._checks) if one.began_at <= moment]
        if not places:
            return None
        return self._judged[places[-1]] if moment < self._reach[places[-1]] else UNKNOWN

    def is_maintained(self, moment: datetime) -> bool:
        """Whether any plan covers the moment."""
        for starts, plan in self._plans:
            is_on = plan.repeats_until is None or moment < plan.repeats_until
            if is_on and any(start <= moment < start + (plan.ends_at - plan.starts_at) for start in starts):
                return True
        return False

    def edges(self) -> set[datetime]:
        """All moments at which anything may change."""
        found = {edge for one in self._checks for edge in (one.began_at, one.valid_until)} | set(self._reach)
        for starts, plan in self._plans:
            found |= {edge for start in starts for edge in (start, start + (plan.ends_at - plan.starts_at))}
            found |= {plan.repeats_until} if plan.repeats_until else set()
        return found

    def pieces(self, begin: datetime, until: datetime) -> Iterator[tuple[datetime, timedelta]]:
        """Stretches in which nothing changes: a moment within, and how long it is."""
        edges = sorted({begin, until} | {edge for edge in self.edges() if begin < edge < until})
        return ((first + (last - first) / 2, last - first) for first, last in pairwise(edges) if first < last)

    def _judge(self, place: int) -> Outcome:
        """The state from this check on, by what came before it and by the one that follows."""
        failed = [earlier for earlier in range(place + 1) if self._is_down(earlier)]
        first = 0
        if failed:
            confirmed = [earlier for earlier in range(failed[-1] + 1, place + 1) if self._is_pair(earlier)]
            if not confirmed:
                return MAJOR_OUTAGE
            first = confirmed[0]
        slow = self._is_slow(first) and (not failed or self._is_slow(first + 1))
        for earlier in range(first, place + 1):
            if self._is_pair(earlier) and self._is_slow(earlier) == self._is_slow(earlier + 1):
                slow = self._is_slow(earlier)
        return DEGRADED if slow else OPERATIONAL

    def _is_pair(self, place: int) -> bool:
        """Whether this check and the next are both good, with nothing unwatched between them."""
        if place + 1 >= len(self._checks) or self._is_down(place) or self._is_down(place + 1):
            return False
        return self._checks[place + 1].began_at <= self._reach[place]

    def _is_down(self, place: int) -> bool:
        return self._checks[place].outcome == MAJOR_OUTAGE

    def _is_slow(self, place: int) -> bool:
        return self._checks[place].outcome == DEGRADED


def _that_count(observations: Sequence[Observation]) -> Iterator[Observation]:
    for place, one in enumerate(observations):
        if all(earlier.began_at < one.began_at for earlier in observations[:place]):
            yield one


def _starts(plan: Plan, timeline: Timeline) -> list[datetime]:
    """When a plan of a timeline begins, near it: day by day on the wall clock."""
    if plan.rrule is None:
        return [plan.starts_at]
    zone, step = ZoneInfo(plan.timezone), 2 if "INTERVAL=2" in plan.rrule else 1
    local = plan.starts_at.astimezone(zone).replace(tzinfo=None)
    days = (max(timeline.now, timeline.begin) - plan.starts_at).days + 3
    return [plan.starts_at, *(instant(local + DAY * number, zone) for number in range(step, max(days, 1), step))]


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which a clock on the wall shows `local`; in a gap, by the offset from before it."""
    near = local.replace(tzinfo=UTC)
    offsets = [(near + shift).astimezone(zone).utcoffset() or timedelta(0) for shift in (-DAY - 2 * HOUR, DAY)]
    shown = [near - offset for offset in offsets if (near - offset).astimezone(zone).replace(tzinfo=None) == local]
    return min(shown, default=near - offsets[0])
