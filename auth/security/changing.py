"""What people do about security alerts. Doing it twice changes nothing more; it never commits."""

from typing import Any

from sqlalchemy import func

from auth.audit.changes import changes_between
from auth.audit.store import record
from auth.http.problems import Problem
from auth.security import store
from auth.security.schemas import AlertView
from auth.sign_in import Caller
from sql.models import Alert


def acknowledge_alert(caller: Caller, alert_id: int, *, sees_all: bool) -> AlertView:
    """Somebody has seen it: nobody is reminded of it any more. Raises Problem 404."""
    return _mark(caller, alert_id, "acknowledged", sees_all=sees_all)


def resolve_alert(caller: Caller, alert_id: int, *, sees_all: bool) -> AlertView:
    """It is dealt with; what still holds will be told of anew. Raises Problem 404."""
    return _mark(caller, alert_id, "resolved", sees_all=sees_all)


def _mark(caller: Caller, alert_id: int, mark: str, *, sees_all: bool) -> AlertView:
    found = store.lock_alert(caller.id, alert_id, sees_all=sees_all)
    if found is None:
        raise Problem(404, "There is no such alert")
    alert, device = found
    moment = f"{mark}_at"
    if getattr(alert, moment) is None and alert.resolved_at is None:
        marks: dict[str, Any] = {moment: func.greatest(func.now(), Alert.opened_at), f"{mark}_by": caller.id}
        store.update_alert(alert, marks)
        changes = changes_between(None, {moment: getattr(alert, moment)})
        record(caller, f"alert.{mark}", "alert", alert.id, changes)
    return store.view_of(alert, device)
