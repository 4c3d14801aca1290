"""All database work of planned maintenance."""

from collections.abc import Collection
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import func

from auth.database import db, run_within
from auth.http.paging import Page
from auth.maintenance.schemas import MaintenanceView, OccurrenceView
from common.maintenance import LOOK_AHEAD, Plan, occurrences
from sql.models import Maintenance
from sql.statements import load

MOST_OCCURRENCES = 5
FIELDS = ("title", "description", "starts_at", "ends_at", "rrule", "timezone", "repeats_until", "is_for_all")

statements = load("maintenance")


def list_maintenance(page: Page, now: datetime, *, sees_all: bool) -> tuple[list[MaintenanceView], int | None]:
    """A page of plans, newest first, and the next page's cursor."""
    rows = run_within(statements.read_maintenance, page=page.limit, cursor=page.cursor, id=None, sees_all=sees_all)
    kept = rows[: page.limit]
    return [_show(told, now) for _, told in kept], kept[-1][0] if len(rows) > page.limit else None


def find_maintenance(maintenance_id: int, now: datetime, *, sees_all: bool) -> MaintenanceView | None:
    """A plan; None for one that is not there, or not for everybody's eyes."""
    rows = run_within(statements.read_maintenance, page=1, cursor=0, id=maintenance_id, sees_all=sees_all)
    return _show(rows[0][1], now) if rows else None


def list_plans(since: datetime) -> list[Plan]:
    """Every plan that may cover a moment not before `since`, to be expanded into occurrences."""
    return [
        Plan(plan_id, starts_at, ends_at, rrule, zone, repeats_until, None if is_for_all else frozenset(endpoint_ids))
        for plan_id, starts_at, ends_at, rrule, zone, repeats_until, is_for_all, endpoint_ids in run_within(
            statements.list_plans, since=since
        )
    ]


def lock_maintenance(maintenance_id: int) -> Maintenance | None:
    """The plan, held until the request's transaction ends."""
    return db.session.get(Maintenance, maintenance_id, with_for_update=True)


def insert_maintenance(values: dict[str, Any], endpoint_ids: Collection[int]) -> Maintenance:
    """A new plan; an endpoint that is unknown raises IntegrityError."""
    maintenance = Maintenance(**values)
    db.session.add(maintenance)
    db.session.flush()
    _set_covered(maintenance.id, endpoint_ids)
    return maintenance


def update_maintenance(maintenance: Maintenance, values: dict[str, Any]) -> None:
    """Put `values` into the plan; its `endpoints` are ids."""
    for name in FIELDS:
        if name in values:
            setattr(maintenance, name, values[name])
    maintenance.updated_at = func.now()
    db.session.flush()
    if "endpoints" in values:
        _set_covered(maintenance.id, values["endpoints"])


def remove_maintenance(maintenance: Maintenance) -> None:
    """Take the plan away as if it had never been."""
    db.session.delete(maintenance)
    db.session.flush()


def fields_of(maintenance: Maintenance) -> dict[str, Any]:
    """The plan's fields by name, its `endpoints` as ids."""
    covered = run_within(statements.list_maintenance_endpoints, maintenance_id=maintenance.id)[0][0]
    return {**{name: getattr(maintenance, name) for name in FIELDS}, "endpoints": list(covered)}


def _set_covered(maintenance_id: int, endpoint_ids: Collection[int]) -> None:
    run_within(
        statements.set_maintenance_endpoints, maintenance_id=maintenance_id, endpoint_ids=sorted(set(endpoint_ids))
    )


def _show(told: dict[str, Any], now: datetime) -> MaintenanceView:
    """The plan as it is shown, with the first few of the occurrences that are not over."""
    view = MaintenanceView(**told, is_active=False, occurrences=[])
    plan = Plan(view.id, view.starts_at, view.ends_at, view.rrule, view.timezone, view.repeats_until)
    coming = list(islice(occurrences(plan, now, max(now, plan.starts_at) + LOOK_AHEAD), MOST_OCCURRENCES))
    view.is_active = any(one.begins_at <= now for one in coming)
    view.occurrences = [OccurrenceView(starts_at=one.begins_at, ends_at=one.ends_at) for one in coming]
    return view
