"""What may still change of a plan: pure. Its past never does, since uptime that was told would change with it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from common.maintenance import Plan, check_plan

GRACE = timedelta(minutes=5)  # for who plans something for now, and takes a moment to send it
WORDS = frozenset({"title", "description"})

Faults = dict[str, list[str]]


def faults_of(fields: Mapping[str, Any]) -> Faults:
    """What is wrong with a plan as a whole, by field."""
    once = Plan(0, fields["starts_at"], fields["ends_at"], timezone=fields["timezone"])
    whole = Plan(0, once.starts_at, once.ends_at, fields["rrule"], once.timezone, fields["repeats_until"])
    for field, plan in (("ends_at", once), ("repeats_until", whole)):
        try:
            check_plan(plan)
        except ValueError as reason:
            return {field: [str(reason)]}
    if bool(fields["endpoints"]) == fields["is_for_all"]:
        return {"endpoints": ["must name at least one endpoint, or none with is_for_all"]}
    return {}


def refuse_start(starts_at: datetime, now: datetime) -> Faults:
    """A plan may not begin in the past."""
    return {"starts_at": ["must not lie in the past"]} if starts_at < now - GRACE else {}


def refuse_changes(before: Mapping[str, Any], changes: Mapping[str, Any], now: datetime) -> Faults:
    """Why a plan may not be changed so, by field; `changes` holds only what differs."""
    if not has_begun(before, now):
        return refuse_start(changes.get("starts_at", now), now)
    end = end_field(before)
    fixed = changes.keys() - WORDS - {end}
    faults = {field: ["can no longer change: this maintenance has begun"] for field in sorted(fixed)}
    if end in changes and (reason := _refuse_end(before[end], changes[end], now)):
        faults[end] = [reason]
    return faults


def has_begun(fields: Mapping[str, Any], now: datetime) -> bool:
    """Whether its first occurrence has."""
    return bool(fields["starts_at"] < now)


def is_over(fields: Mapping[str, Any], now: datetime) -> bool:
    """Whether nothing of it can come any more."""
    end = fields[end_field(fields)]
    return end is not None and end <= now


def end_field(fields: Mapping[str, Any]) -> str:
    """What says when it is over: the end of the one time, or of all repetition."""
    return "repeats_until" if fields["rrule"] else "ends_at"


def _refuse_end(before: datetime | None, after: datetime | None, now: datetime) -> str | None:
    if before is not None and before <= now:
        return "can no longer change: this maintenance is over"
    return "must not lie in the past" if after is not None and after < now - GRACE else None
