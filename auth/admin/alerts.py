"""/admin/health/alerts/: what broke a rule, and for how long."""

from typing import Annotated, Any, Literal

from auth.admin.filters import EMPTY
from auth.admin.staff import Room, room_page
from auth.alerts.schemas import AlertPage
from auth.alerts.store import list_alerts
from auth.sign_in import Caller

routes = Room()


class AlertFilter(AlertPage):
    """Open ones, resolved ones, or all."""

    status: Annotated[Literal["open", "resolved"] | None, EMPTY] = None


@routes.show("/admin/health/alerts/", query=AlertFilter)
def show_alerts(caller: Caller, query: AlertFilter) -> Any:
    """The alerts, newest first."""
    alerts, following = list_alerts(query)
    return room_page("alerts.html", caller, alerts=alerts, next=following, filter=query)
