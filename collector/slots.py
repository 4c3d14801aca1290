"""Slots of periodic jobs: which one is due, and running a job once for it over all collectors."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from collector.job import Context, Slots
from sql import statements
from sql.errors import translate

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

sql = statements.load("collecting")
log = structlog.get_logger()


def latest_slot(slots: Slots, now: datetime) -> datetime:
    """The slot that began last: after any downtime it is the one to catch up with."""
    return EPOCH + slots.offset + (now - EPOCH - slots.offset) // slots.every * slots.every


def run_in_slot(context: Context[Any], job: str, slot: datetime, lease: timedelta, work: Callable[[], None]) -> bool:
    """Do `work` for `slot` unless somebody else has it. True when it was done here; a failure frees the slot again."""
    claim = {"job": job, "slot": slot, "claimed_by": context.settings.name}
    if not context.query(sql.claim_slot, lease=lease, **claim):
        return False
    try:
        work()
    except BaseException:
        _release(context, claim)
        raise
    context.query(sql.finish_slot, **claim)
    return True


def finished_at(context: Context[Any], job: str, slot: datetime) -> datetime | None:
    """When the slot was finished, by whomever; None while it is not."""
    rows = context.query(sql.read_slot_finish, job=job, slot=slot)
    return rows[0][0] if rows else None


def _release(context: Context[Any], claim: dict[str, Any]) -> None:
    """A failure here must not hide the one that led here; the lease frees the slot anyway."""
    try:
        context.query(sql.release_slot, **claim)
    except Exception as error:
        if translate(error) is None:
            raise
        log.warning("slot_not_released", job=claim["job"], error=type(error).__name__)
