"""All database work of devices and their shares. Whoever changes anything of a device holds its row first."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select, tuple_

from auth.database import db, run_alone, run_within
from auth.devices.places import BEGINNING, Place, PlacePage, cursor_of
from auth.devices.schemas import CommandView, DevicePage, DeviceView, LogPage, LogView, NewDevice, ShareView
from auth.http.paging import BIGGEST_KEY
from common.lock_protocol.chain import GENESIS
from sql.device_log import Draft, append
from sql.models import Device, DeviceShare, User
from sql.statements import Row, load

PERSONAL = ("UNLOCK", "LOCK", "REBOOT")  # commands that people ask for
ALL = (*PERSONAL, "CODES", "BACKFILL")

statements = load("devices")


def find_device_and_share(
    device_id: UUID, user_id: UUID, *, lock: bool = False
) -> tuple[Device, DeviceShare | None] | None:
    """The device, and the share by which `user_id` may use it at this moment; None for one that is not there.

    With `lock` it is held until the transaction ends, yet rows that refer to it can still be added.
    """
    found = (
        select(Device, DeviceShare)
        .outerjoin(DeviceShare, and_(DeviceShare.device_id == Device.id, DeviceShare.user_id == user_id, _is_valid()))
        .where(Device.id == device_id, Device.deleted_at.is_(None))
        .execution_options(populate_existing=True)
    )
    if lock:
        found = found.with_for_update(of=Device, key_share=True)
    row = db.session.execute(found).one_or_none()
    return (row[0], row[1]) if row else None


def _is_valid() -> Any:
    return and_(
        DeviceShare.is_active,
        DeviceShare.valid_from <= func.now(),
        or_(DeviceShare.valid_until.is_(None), DeviceShare.valid_until > func.now()),
    )


def list_devices(caller_id: UUID, page: DevicePage, *, sees_all: bool = False) -> tuple[list[DeviceView], str | None]:
    """A page of devices, own and shared with `caller_id` or everybody's, and the next page's cursor."""
    rows = _read(caller_id, whose="all" if sees_all else "mine", place=page.place, page=page.limit)
    kept = [DeviceView(**told) for (told,) in rows[: page.limit]]
    return kept, cursor_of(kept[-1].created_at, kept[-1].id) if len(rows) > page.limit else None


def find_device(caller_id: UUID, device_id: UUID) -> DeviceView | None:
    """A device as it is shown to its owner or to whom it is shared with; None to all others."""
    rows = _read(caller_id, only_id=device_id)
    return DeviceView(**rows[0][0]) if rows else None


def _read(
    caller_id: UUID, *, whose: str = "", only_id: UUID | None = None, place: Place = BEGINNING, page: int = 1
) -> list[Row]:
    return run_within(
        statements.list_devices,
        caller_id=caller_id,
        whose=whose,
        only_id=only_id,
        moment=place[0],
        after_id=place[1],
        page=page,
    )


def insert_device(owner_id: UUID, body: NewDevice) -> Device:
    """A new device with all its rows; one that is there already raises IntegrityError."""
    [(device_id, _)] = run_within(
        statements.claim_device,
        device_id=body.device_id,
        name=body.name or body.device_id,
        owner_id=owner_id,
        timezone=body.timezone,
        genesis=GENESIS,
    )
    return db.session.get_one(Device, device_id)


def update_device(device: Device, values: Mapping[str, Any]) -> None:
    """Put `values` into a device that is held, and let everybody know who keeps something of devices."""
    for name, value in values.items():
        setattr(device, name, value)
    device.updated_at = func.now()
    db.session.flush()
    run_within(statements.notify_devices)


def raise_codes_version(device_id: UUID) -> None:
    """The device's codes have changed: its lock is to hear of it."""
    run_within(statements.raise_codes_version, id=device_id)


def clear_access(device_id: UUID) -> None:
    """Take all shares and PINs of a device away."""
    run_within(statements.clear_access, device_id=device_id)


def resolve_alerts(device_id: UUID, resolved_by: UUID) -> None:
    """Resolve all open alerts of a device."""
    run_within(statements.resolve_device_alerts, device_id=device_id, resolved_by=resolved_by)


def end_commands(
    device_id: UUID, reason: str, commands: Sequence[str] = ALL, *, user_id: UUID | None = None
) -> list[Draft]:
    """End what was asked of a device and is not done, of one person or of all; what the log has to tell of it."""
    rows = run_within(
        statements.end_commands_of_device,
        device_id=device_id,
        user_id=user_id,
        commands=list(commands),
        reason=reason,
    )
    return [
        Draft(
            device_id=device_id,
            event_type=command,
            description=f"{command.capitalize()} command expired: {reason}",
            success=False,
            user_id=asked_by,
            ip_address=ip_address,
        )
        for command, asked_by, ip_address in rows
        if command in PERSONAL
    ]


def write_log(*drafts: Draft) -> None:
    """Append to devices' logs, after everything else that the transaction does to them."""
    append(run_within, drafts)


def list_log(device: Device, page: LogPage) -> tuple[list[LogView], int | None]:
    """A page of the log since the device is its owner's, newest first, and the next page's cursor."""
    rows = run_within(
        statements.list_device_log,
        device_id=device.id,
        since=device.owned_since,
        cursor=page.cursor or BIGGEST_KEY,
        page=page.limit,
    )
    entries = [LogView(**dict(zip(LogView.model_fields, row, strict=True))) for row in rows[: page.limit]]
    return entries, entries[-1].id if len(rows) > page.limit else None


def find_command(command_id: UUID) -> tuple[CommandView, UUID, UUID | None] | None:
    """A command, whose device's it is, and who asked for it."""
    rows = run_alone(statements.read_command, id=command_id)
    if not rows:
        return None
    *told, device_id, user_id = rows[0]
    view = CommandView(**dict(zip(CommandView.model_fields, told, strict=True)))
    return view, device_id, user_id


def list_shares(device_id: UUID, page: PlacePage) -> tuple[list[ShareView], str | None]:
    """A page of a device's shares in the order they were made, and the next page's cursor."""
    found = (
        select(DeviceShare, User.email)
        .join(User, User.id == DeviceShare.user_id)
        .where(DeviceShare.device_id == device_id, tuple_(DeviceShare.created_at, DeviceShare.id) > page.place)
        .order_by(DeviceShare.created_at, DeviceShare.id)
        .limit(page.limit + 1)
    )
    rows = db.session.execute(found).all()
    shares = [row[0] for row in rows[: page.limit]]
    following = cursor_of(shares[-1].created_at, shares[-1].id) if len(rows) > page.limit else None
    return [show_share(share, email) for share, email in rows[: page.limit]], following


def show_share(share: DeviceShare, email: str) -> ShareView:
    """A share as it is shown."""
    values = {name: getattr(share, name) for name in ShareView.model_fields if name != "shared_with"}
    return ShareView(shared_with=email, **values)


def read_guest_emails(device_id: UUID, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """The e-mails of those among `user_ids` with whom the device is shared."""
    if not user_ids:
        return {}
    found = select(User.id, User.email).join(DeviceShare, DeviceShare.user_id == User.id)
    rows = db.session.execute(found.where(DeviceShare.device_id == device_id, User.id.in_(user_ids)))
    return {row.id: row.email for row in rows}


def find_share(device_id: UUID, share_id: UUID) -> tuple[DeviceShare, str] | None:
    """A share of a device that is held, and the e-mail of whom it is for."""
    found = (
        select(DeviceShare, User.email)
        .join(User, User.id == DeviceShare.user_id)
        .where(DeviceShare.id == share_id, DeviceShare.device_id == device_id)
    )
    row = db.session.execute(found).one_or_none()
    return (row[0], row[1]) if row else None


def insert_share(values: dict[str, Any]) -> DeviceShare:
    """A new share; a second one for the same person raises IntegrityError."""
    share = DeviceShare(**values)
    db.session.add(share)
    db.session.flush()
    return share


def update_share(share: DeviceShare, values: Mapping[str, Any]) -> None:
    """Put `values` into a share; one that allows nothing raises IntegrityError."""
    for name, value in values.items():
        setattr(share, name, value)
    db.session.flush()


def delete_share(share: DeviceShare) -> None:
    """Take a share away."""
    db.session.delete(share)
    db.session.flush()


def find_active_user(email: str) -> User | None:
    """The account with that e-mail, unless it is disabled."""
    return db.session.scalar(select(User).where(func.lower(User.email) == func.lower(email), User.is_active))
