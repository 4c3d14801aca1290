"""How much of the time was each endpoint up? Uptime over 24 hours to 90 days, the days, and a letter for each.

Every minute; of the days only today and yesterday, but once an hour all ninety, so that what was learnt late of a day,
or planned for it, is found there too. Time before an endpoint was made is no time of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import structlog

from collector.job import Context, Job, Slots, no_metrics
from collector.states.days import DAY, days_of, letters
from collector.states.intervals import Segment, overlay
from collector.states.uptime import Uptime, uptime
from common.maintenance import Calendar, Occurrence, Plan, check_plan
from sql import statements

SPANS = {"24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY}
BARS = 90
FRESH_DAYS = 2
ENDPOINTS_AT_ONCE = 1000

sql = statements.load("uptime")
maintenance = statements.load("maintenance")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Measured:
    """An endpoint, and what was measured of it last."""

    id: int
    created_at: datetime
    measured_at: datetime | None
    days: str | None


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured of an endpoint: uptime by span, the days from `first` on, a letter for each of ninety."""

    endpoint_id: int
    spans: dict[str, Uptime]
    first: date
    days: list[Uptime]
    letters: str


def measure(last: Measured, known: list[Segment], occurrences: list[Occurrence], now: datetime) -> Measure:
    """What there is to say of an endpoint now."""
    origin = min([last.created_at, *(segment.began_at for segment in known[:1])])
    segments = overlay(known, occurrences)
    kept = kept_letters(last, now)
    fresh = BARS - len(kept)
    first = max(now.date() - (fresh - 1) * DAY, min(origin, now).date())
    days = days_of(segments, first, now)
    return Measure(
        endpoint_id=last.id,
        spans={name: uptime(segments, max(now - span, min(origin, now)), now) for name, span in SPANS.items()},
        first=first,
        days=days,
        letters=(kept + letters(days).rjust(fresh, "u")).rjust(BARS, "u"),
    )


def kept_letters(last: Measured, now: datetime) -> str:
    """The letters that hold of the days before yesterday. None do in one minute of the hour, in which all are measured
    anew: another for each endpoint, so that the work is even.
    """
    days_since = (now.date() - last.measured_at.date()).days if last.measured_at else -1
    if days_since not in (0, 1) or last.id % 60 == now.minute:
        return ""
    return (last.days or "")[days_since : days_since + BARS - FRESH_DAYS]


def run(context: Context[None]) -> None:
    """Measure all endpoints, a bite at a time."""
    now = context.clock()
    since = now - max(SPANS.values())
    calendar = Calendar(read_plans(context, since), since, now)
    after = 0
    while not context.stopping.is_set():
        bite = [Measured(*row) for row in context.query(sql.read_measured, after=after, most=ENDPOINTS_AT_ONCE)]
        if not bite:
            return
        known = read_known(context, [one.id for one in bite], since)
        store(context, [measure(one, known.get(one.id, []), calendar.of(one.id), now) for one in bite], now)
        after = bite[-1].id


def read_plans(context: Context[None], since: datetime) -> list[Plan]:
    """The plans that may cover a moment after `since`. One that cannot be followed keeps nobody from their figures."""
    plans = (plan_of(*row) for row in context.query(maintenance.list_plans, since=since))
    return [plan for plan in plans if can_be_followed(plan)]


def plan_of(*row: Any) -> Plan:
    """The plan in a row of `list_plans`."""
    *fields, is_for_all, endpoint_ids = row
    names = ("id", "starts_at", "ends_at", "rrule", "timezone", "repeats_until")
    return Plan(**dict(zip(names, fields, strict=True)), endpoint_ids=None if is_for_all else frozenset(endpoint_ids))


def can_be_followed(plan: Plan) -> bool:
    """Whether rule and zone can be read here."""
    try:
        check_plan(plan)
    except ValueError as error:
        log.warning("plan_not_followed", plan=plan.id, error=str(error))
        return False
    return True


def read_known(context: Context[None], ids: list[int], since: datetime) -> dict[int, list[Segment]]:
    """What is known of those endpoints since then, in order."""
    rows = context.query(sql.read_known_time, endpoint_ids=ids, since=since)
    by_endpoint = groupby(rows, itemgetter(0))
    return {endpoint_id: [Segment(*row[1:]) for row in found] for endpoint_id, found in by_endpoint}


def store(context: Context[None], measures: list[Measure], now: datetime) -> None:
    """Write days that differ, and the figures."""
    for length, found in groupby(sorted(measures, key=length_of), length_of):
        store_days(context, list(found), now.date() - (length - 1) * DAY)
    figures = {
        f"{name}_{span}": [getattr(one.spans[span], attribute) for one in measures]
        for name, attribute in (("uptime", "percent"), ("coverage", "coverage"))
        for span in SPANS
    }
    context.query(
        sql.store_uptime,
        endpoint_ids=[one.endpoint_id for one in measures],
        days=[one.letters for one in measures],
        measured_at=now,
        **figures,
    )


def length_of(found: Measure) -> int:
    """How many days were measured."""
    return len(found.days)


def store_days(context: Context[None], measures: list[Measure], first: date) -> None:
    """Write the days from `first` on that are not stored so."""
    ids = [one.endpoint_id for one in measures]
    stored = set(context.query(sql.read_endpoint_days, endpoint_ids=ids, first=first))
    rows = [row for one in measures for row in day_rows(one) if row not in stored]
    names = ("endpoint_ids", "days", "operational", "degraded", "down", "maintenance", "unknown")
    columns: Iterable[tuple[object, ...]] = zip(*rows, strict=True) if rows else ()
    if rows:
        context.query(
            sql.store_endpoint_days, **{name: list(column) for name, column in zip(names, columns, strict=True)}
        )


def day_rows(found: Measure) -> Iterable[tuple[int | float | date, ...]]:
    """The days as rows of their table."""
    for number, day in enumerate(found.days):
        parts = (day.operational, day.degraded, day.down, day.maintenance, day.unknown)
        yield (found.endpoint_id, found.first + number * DAY, *(part.total_seconds() for part in parts))


JOB = Job(
    name="measure_endpoints",
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=no_metrics,
    slots=Slots(every=timedelta(minutes=1), lease=timedelta(minutes=2)),
)
