"""/api/v1/security/: alerts of one's own devices, for staff of all; and for staff the codes that were refused."""

from typing import Any

from auth.access.schemas import FailedAttemptList
from auth.access.store import list_failed_attempts
from auth.accounts.schemas import Answer
from auth.http.paging import Page
from auth.http.route import Routes, SignIn, envelope, sees_all
from auth.security import changing, schemas, store
from auth.sign_in import Caller

routes = Routes("security")


@routes.add(
    "GET",
    "/api/v1/security/alerts/",
    sign_in=SignIn.CALLER,
    query=schemas.AlertPage,
    answers={200: Answer[schemas.AlertList]},
)
def list_alerts(caller: Caller, query: schemas.AlertPage) -> Any:
    """Security alerts of your own devices, newest first; staff sees those of all, and of sign-ins."""
    alerts, following = store.list_alerts(caller.id, query, sees_all=sees_all(caller))
    return envelope("Alerts retrieved", schemas.AlertList(items=alerts, next=following))


@routes.add(
    "POST",
    "/api/v1/security/alerts/<key:alert_id>/acknowledge/",
    sign_in=SignIn.CALLER,
    is_idempotent=True,
    answers={200: Answer[schemas.AlertView]},
)
def acknowledge_alert(caller: Caller, alert_id: int) -> Any:
    """Take note of an alert: nobody is reminded of it any more."""
    return envelope("Alert acknowledged", changing.acknowledge_alert(caller, alert_id, sees_all=sees_all(caller)))


@routes.add(
    "POST",
    "/api/v1/security/alerts/<key:alert_id>/resolve/",
    sign_in=SignIn.CALLER,
    is_idempotent=True,
    answers={200: Answer[schemas.AlertView]},
)
def resolve_alert(caller: Caller, alert_id: int) -> Any:
    """End an alert; what still holds is told of anew."""
    return envelope("Alert resolved", changing.resolve_alert(caller, alert_id, sees_all=sees_all(caller)))


@routes.add(
    "GET",
    "/api/v1/security/failed-attempts/",
    sign_in=SignIn.STAFF,
    query=Page,
    answers={200: Answer[FailedAttemptList]},
)
def list_refused_codes(query: Page) -> Any:
    """The codes that were refused at any door, newest first."""
    attempts, following = list_failed_attempts(query)
    return envelope("Failed attempts retrieved", FailedAttemptList(items=attempts, next=following))
