"""/admin/security/: what locks and sign-ins warn of, and the codes that were refused."""

from typing import Annotated, Any, Literal

from auth.access.store import list_failed_attempts
from auth.admin.filters import EMPTY
from auth.admin.staff import Room, room_page
from auth.http.paging import Page
from auth.pages.room import Done
from auth.security.changing import acknowledge_alert, resolve_alert
from auth.security.schemas import AlertPage, Kind
from auth.security.store import list_alerts
from auth.sign_in import Caller

routes = Room()

HERE = "/admin/security/"


class SecurityFilter(AlertPage):
    """Open ones, resolved ones, or all; of one kind, or any."""

    status: Annotated[Literal["open", "resolved"] | None, EMPTY] = None
    kind: Annotated[Kind | None, EMPTY] = None


@routes.show(HERE, query=SecurityFilter)
def show_security_alerts(caller: Caller, query: SecurityFilter) -> Any:
    """The security alerts of all locks and of sign-ins, newest first."""
    alerts, following = list_alerts(caller.id, query, sees_all=True)
    return room_page("security.html", caller, alerts=alerts, next=following, filter=query)


@routes.act(HERE + "alerts/<key:alert_id>/acknowledge/")
def acknowledge_alert_by_form(caller: Caller, alert_id: int) -> Any:
    """Say that somebody has seen it."""
    acknowledge_alert(caller, alert_id, sees_all=True)
    return Done(HERE, "The alert is acknowledged.")


@routes.act(HERE + "alerts/<key:alert_id>/resolve/")
def resolve_alert_by_form(caller: Caller, alert_id: int) -> Any:
    """Say that it is dealt with."""
    resolve_alert(caller, alert_id, sees_all=True)
    return Done(HERE, "The alert is resolved.")


@routes.show(HERE + "attempts/", query=Page)
def show_failed_attempts(caller: Caller, query: Page) -> Any:
    """The codes that were refused at any door, newest first."""
    attempts, following = list_failed_attempts(query)
    return room_page("attempts.html", caller, attempts=attempts, next=following)
