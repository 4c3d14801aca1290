"""All database work of alerts."""

from sqlalchemy import select

from auth.alerts.schemas import AlertPage
from auth.database import db
from sql.models import Alert


def list_alerts(page: AlertPage) -> tuple[list[Alert], int | None]:
    """A page of alerts, newest first, and the next page's cursor."""
    found = select(Alert).order_by(Alert.id.desc()).limit(page.limit + 1)
    if page.cursor:
        found = found.where(Alert.id < page.cursor)
    if page.status == "open":
        found = found.where(Alert.resolved_at.is_(None))
    if page.status == "resolved":
        found = found.where(Alert.resolved_at.is_not(None))
    alerts = list(db.session.scalars(found))
    kept = alerts[: page.limit]
    return kept, kept[-1].id if len(alerts) > page.limit else None
