"""Planned maintenance as the public sees it: what runs, and what comes within a month."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from common.maintenance import Occurrence, Plan, check_plan, occurrences

SHOWN = 20
LOOK_AHEAD = timedelta(days=30)
MOMENT = timedelta(microseconds=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Work:
    """The occurrence of a plan that runs, or comes next; `services` is empty when it is for all."""

    plan_id: int
    title: str
    description: str
    services: list[str]
    occurrence: Occurrence
    is_running: bool
    is_recurring: bool
    updated_at: str


def plans_of(rows: Iterable[dict[str, Any]]) -> list[tuple[dict[str, Any], Plan]]:
    """The rows with their plans. One that cannot be followed is left out, and logged: the page matters more."""
    found = []
    for row in rows:
        plan = _plan_of(row)
        try:
            check_plan(plan)
        except ValueError as error:
            log.warning("maintenance_plan_not_followed", plan=plan.id, error=str(error))
            continue
        found.append((row, plan))
    return found


def works_of(plans: Iterable[tuple[dict[str, Any], Plan]], names: dict[int, str], now: datetime) -> list[Work]:
    """What runs or comes within a month, in order; plans for private endpoints only are nobody's business."""
    found = [
        Work(
            plan_id=plan.id,
            title=row["title"],
            description=row["description"],
            services=[names[endpoint_id] for endpoint_id in row["endpoint_ids"] if endpoint_id in names],
            occurrence=occurrence,
            is_running=occurrence.begins_at <= now,
            is_recurring=plan.rrule is not None,
            updated_at=row["updated_at"],
        )
        for row, plan in plans
        if (row["is_for_all"] or row["endpoint_ids"])
        and (occurrence := next(occurrences(plan, now, now + LOOK_AHEAD), None))
    ]
    return sorted(found, key=lambda work: (work.occurrence, work.plan_id))[:SHOWN]


def _plan_of(row: dict[str, Any]) -> Plan:
    return Plan(
        id=row["id"],
        starts_at=datetime.fromisoformat(row["starts_at"]),
        ends_at=datetime.fromisoformat(row["ends_at"]),
        rrule=row["rrule"],
        timezone=row["timezone"],
        repeats_until=datetime.fromisoformat(row["repeats_until"]) if row["repeats_until"] else None,
        endpoint_ids=None if row["is_for_all"] else frozenset(row["endpoint_ids"]),
    )
