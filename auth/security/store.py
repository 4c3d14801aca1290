"""All database work of security alerts. The collector opens them; people acknowledge and resolve them here."""

from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from auth.access.schemas import KnownDevice
from auth.database import db
from auth.security.schemas import AlertPage, AlertView
from sql.models import Alert, Device

OF_NO_DEVICE = "login_brute_force"


def list_alerts(
    caller_id: UUID, page: AlertPage, *, sees_all: bool, device_id: UUID | None = None
) -> tuple[list[AlertView], int | None]:
    """A page of what somebody may know of, of one device when it is named, and the next page's cursor."""
    found = _visible(caller_id, sees_all=sees_all).order_by(Alert.id.desc()).limit(page.limit + 1)
    if page.cursor:
        found = found.where(Alert.id < page.cursor)
    if page.kind:
        found = found.where(Alert.rule == page.kind)
    if page.status:
        found = found.where(Alert.resolved_at.is_(None) == (page.status == "open"))
    if device_id:
        found = found.where(Alert.device_id == device_id)
    rows = list(db.session.execute(found))
    kept = [view_of(alert, device) for alert, device in rows[: page.limit]]
    return kept, kept[-1].id if len(rows) > page.limit else None


def lock_alert(caller_id: UUID, alert_id: int, *, sees_all: bool) -> tuple[Alert, Device | None] | None:
    """An alert of somebody's, held until the request's transaction ends, with its device; None for any other."""
    found = _visible(caller_id, sees_all=sees_all).where(Alert.id == alert_id).with_for_update(of=Alert)
    row = db.session.execute(found.execution_options(populate_existing=True)).one_or_none()
    return (row[0], row[1]) if row else None


def update_alert(alert: Alert, values: dict[str, Any]) -> None:
    """Put `values` into an alert that is held."""
    for name, value in values.items():
        setattr(alert, name, value)
    db.session.flush()
    db.session.refresh(alert)


def view_of(alert: Alert, device: Device | None) -> AlertView:
    """An alert as it is shown."""
    known = None if device is None else KnownDevice(id=device.id, device_id=device.device_id, name=device.name)
    return AlertView(
        id=alert.id,
        kind=alert.rule,
        device=known,
        severity="critical" if alert.severity == "critical" else "warning",
        message=alert.message,
        value=alert.value,
        opened_at=alert.opened_at,
        acknowledged_at=alert.acknowledged_at,
        resolved_at=alert.resolved_at,
    )


def _visible(caller_id: UUID, *, sees_all: bool) -> Any:
    """Alerts of one's own devices, since they are one's own; staff's are all, also those of no device."""
    found: Any = select(Alert, Device).outerjoin(Device, Device.id == Alert.device_id)
    if sees_all:
        return found.where(or_(Alert.device_id.is_not(None), Alert.rule == OF_NO_DEVICE))
    is_own = and_(Device.owner_id == caller_id, Device.deleted_at.is_(None), Alert.opened_at >= Device.owned_since)
    return found.where(is_own)
