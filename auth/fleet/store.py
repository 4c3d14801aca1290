"""All database work of the fleet as staff sees it. Only reads."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from auth.database import db, run_alone, run_within
from auth.devices import store as devices
from auth.devices.places import EPOCH, cursor_of
from auth.devices.schemas import LogView
from auth.fleet.schemas import FleetCounts, FleetLock, FleetPage, Letter
from auth.http.paging import BIGGEST_KEY, Page, contains
from sql.models import DeadLetter
from sql.statements import load

statements = load("fleet_watch")


def count_fleet() -> FleetCounts:
    """How the fleet stands."""
    return FleetCounts(*run_alone(statements.count_fleet)[0])


def list_fleet(page: FleetPage) -> tuple[list[FleetLock], str | None]:
    """A page of the fleet, and the next page's cursor."""
    moment, after_id = page.place
    rows = run_alone(
        statements.list_fleet,
        state=page.state or "",
        part=contains(page.q) if page.q else "",
        moment=moment,
        after_id=after_id,
        page=page.limit,
    )
    locks = [_lock_of(*row) for row in rows[: page.limit]]
    return locks, cursor_of(locks[-1].created_at, locks[-1].id) if len(rows) > page.limit else None


def find_fleet_lock(device_id: UUID) -> FleetLock | None:
    """One lock, also one that was deleted."""
    rows = run_alone(statements.read_fleet_lock, id=device_id)
    return _lock_of(*rows[0]) if rows else None


def list_whole_log(device_id: UUID, page: Page) -> tuple[list[LogView], int | None]:
    """A page of a lock's log whoever owned it, newest first, and the next page's cursor."""
    cursor = page.cursor or BIGGEST_KEY
    rows = run_within(
        devices.statements.list_device_log, device_id=device_id, since=EPOCH, cursor=cursor, page=page.limit
    )
    entries = [LogView(**dict(zip(LogView.model_fields, row, strict=True))) for row in rows[: page.limit]]
    return entries, entries[-1].id if len(rows) > page.limit else None


def list_dead_letters(page: Page) -> tuple[list[Letter], int | None]:
    """A page of what could not be read, newest first, and the next page's cursor."""
    found = select(DeadLetter).order_by(DeadLetter.id.desc()).limit(page.limit + 1)
    if page.cursor:
        found = found.where(DeadLetter.id < page.cursor)
    rows = list(db.session.scalars(found))
    letters = [_letter_of(row) for row in rows[: page.limit]]
    return letters, letters[-1].id if len(rows) > page.limit else None


def show_payload(payload: bytes) -> tuple[str, bool]:
    """What a message says, and whether that is text: hexadecimal where it is none."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return payload.hex(" "), False
    is_text = all(sign.isprintable() or sign in "\n\t" for sign in text)
    return (text, True) if is_text else (payload.hex(" "), False)


def _lock_of(device_id: Any, *told: Any) -> FleetLock:
    return FleetLock(device_id if isinstance(device_id, UUID) else UUID(device_id), *told)


def _letter_of(row: DeadLetter) -> Letter:
    payload, is_text = show_payload(row.payload)
    is_cut = row.payload_bytes > len(row.payload)
    return Letter(row.id, row.received_at, row.topic, row.reason, row.payload_bytes, payload, is_text, is_cut)
