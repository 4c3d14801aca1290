"""/home/devices/{id}/alerts/: what warned of a lock, and that somebody has seen it or dealt with it."""

from typing import Any
from uuid import UUID

from auth.home.owner import Room, lock_page, own, path_of
from auth.http.paging import Page
from auth.pages.room import Done
from auth.security.changing import acknowledge_alert, resolve_alert
from auth.security.schemas import AlertPage
from auth.security.store import list_alerts
from auth.sign_in import Caller

routes = Room()

HERE = "/home/devices/<uuid:device_id>/alerts/"


@routes.show(HERE, query=Page, problems=(404,))
def show_lock_alerts(caller: Caller, device_id: UUID, query: Page) -> Any:
    """The security alerts of a lock, newest first."""
    use = own(caller, device_id)
    page = AlertPage(limit=query.limit, cursor=query.cursor)
    alerts, following = list_alerts(caller.id, page, sees_all=False, device_id=device_id)
    return lock_page("alerts.html", caller, use, alerts=alerts, next=following)


@routes.act(HERE + "<key:alert_id>/acknowledge/")
def acknowledge_lock_alert(caller: Caller, device_id: UUID, alert_id: int) -> Any:
    """Say that somebody has seen it."""
    own(caller, device_id)
    acknowledge_alert(caller, alert_id, sees_all=False)
    return Done(f"{path_of(device_id)}alerts/", "The alert is acknowledged.")


@routes.act(HERE + "<key:alert_id>/resolve/")
def resolve_lock_alert(caller: Caller, device_id: UUID, alert_id: int) -> Any:
    """Say that it is dealt with."""
    own(caller, device_id)
    resolve_alert(caller, alert_id, sees_all=False)
    return Done(f"{path_of(device_id)}alerts/", "The alert is resolved.")
