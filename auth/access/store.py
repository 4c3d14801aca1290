"""All database work of codes, the brake apart."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from auth.access.judging import KnownPin
from auth.access.schemas import AccessPage, FailedAttempt, KnownDevice, PinPage, PinView
from auth.database import db, run_alone, run_within
from auth.devices.schemas import LogView
from auth.http.paging import Page
from sql.models import AccessPin, Device
from sql.statements import load

statements = load("access")


def list_pins(owner_id: UUID, page: PinPage) -> tuple[list[PinView], int | None]:
    """A page of the PINs of somebody's own devices in the order they were made, and the next page's cursor."""
    found = select(AccessPin).join(Device, Device.id == AccessPin.device_id)
    found = found.where(Device.owner_id == owner_id, Device.deleted_at.is_(None), AccessPin.id > page.cursor)
    if page.device:
        found = found.where(AccessPin.device_id == page.device)
    pins = list(db.session.scalars(found.order_by(AccessPin.id).limit(page.limit + 1)))
    kept = [PinView.model_validate(pin) for pin in pins[: page.limit]]
    return kept, kept[-1].id if len(pins) > page.limit else None


def find_device_of_pin(pin_id: int) -> UUID | None:
    """The device that a PIN opens, or None."""
    return db.session.scalar(select(AccessPin.device_id).where(AccessPin.id == pin_id))


def read_verifiers(device_id: UUID) -> dict[int, str]:
    """The verifiers of a device's active PINs, by their ids, as they stand at this moment."""
    active = select(AccessPin.id, AccessPin.verifier).where(AccessPin.device_id == device_id, AccessPin.is_active)
    return {row.id: row.verifier for row in db.session.execute(active)}


def retire_pins(device_id: UUID, kept: int, most: int) -> None:
    """Switch off what can open nothing any more, but for the `kept` latest where one more of `most` has a place."""
    run_within(statements.retire_pins, device_id=str(device_id), kept=kept, most=most)


def insert_pin(values: dict[str, Any]) -> AccessPin:
    """A new PIN; its window is a rule of the database."""
    pin = AccessPin(**{name: value for name, value in values.items() if value is not None})
    db.session.add(pin)
    db.session.flush()
    return pin


def delete_pin(pin_id: int) -> bool:
    """Take a PIN away; whether it was there."""
    return db.session.scalar(delete(AccessPin).where(AccessPin.id == pin_id).returning(AccessPin.id)) is not None


def list_known_pins(device_id: UUID) -> list[KnownPin]:
    """A device's active PINs with all that decides, outside any transaction."""
    return [KnownPin(*row) for row in run_alone(statements.list_verifiers, device_id=str(device_id))]


def use_pin(device_id: UUID, pin_id: int) -> bool | None:
    """Spend a use of a PIN: whether its uses are limited; None when there was none left to spend."""
    rows = run_within(statements.use_pin, device_id=str(device_id), pin_id=pin_id)
    return bool(rows[0][0]) if rows else None


def spend_qr(device_id: UUID, user_id: UUID, nonce: str) -> tuple[bool, bool]:
    """Whether somebody may open a device now, and whether their code was spent by this very call."""
    [(is_allowed, is_spent)] = run_within(
        statements.spend_qr, device_id=str(device_id), user_id=str(user_id), nonce=nonce
    )
    return is_allowed, is_spent


def list_access(owner_id: UUID, page: AccessPage) -> tuple[list[LogView], int | None]:
    """A page of what happened at somebody's own doors, newest first, and the next page's cursor."""
    rows = run_within(
        statements.list_access,
        owner_id=str(owner_id),
        device_id=page.device and str(page.device),
        page=page.limit,
        cursor=page.cursor,
        since=page.since,
        until=page.until,
    )
    kept = [LogView(**dict(zip(LogView.model_fields, row, strict=True))) for row in rows[: page.limit]]
    return kept, kept[-1].id if len(rows) > page.limit else None


def list_failed_attempts(page: Page) -> tuple[list[FailedAttempt], int | None]:
    """A page of the codes that were refused at any door, newest first, and the next page's cursor."""
    rows = run_within(statements.list_failed_attempts, page=page.limit, cursor=page.cursor)
    kept = [
        FailedAttempt(
            id=entry_id,
            device=KnownDevice(id=row_id, device_id=device_id, name=name),
            event_type=event_type,
            description=description,
            ip_address=ip_address,
            created_at=created_at,
        )
        for entry_id, row_id, device_id, name, event_type, description, ip_address, created_at in rows[: page.limit]
    ]
    return kept, kept[-1].id if len(rows) > page.limit else None
