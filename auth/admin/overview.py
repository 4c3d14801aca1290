"""/admin/: how the house is, on one page."""

from collections import Counter
from typing import Any

from auth.admin.staff import Room, room_page
from auth.alerts.schemas import AlertPage
from auth.alerts.store import list_alerts
from auth.audit.schemas import AuditPage
from auth.audit.store import list_entries
from auth.database import run_alone
from auth.endpoints.shown import show_endpoint_to_staff
from auth.endpoints.standing import Standing
from auth.endpoints.store import list_all_endpoints
from auth.health.views import judge_collector
from auth.http.paging import MOST, Page
from auth.incidents.schemas import IncidentPage
from auth.incidents.store import list_incidents
from auth.maintenance.store import list_maintenance, list_plans
from auth.sign_in import Caller
from common.clock import utc_now
from sql.statements import load

routes = Room()
statements = load("health")

NEWEST_ENTRIES = 5
MOST_TROUBLED = 20
WELL = frozenset({"operational", "maintenance"})


@routes.show("/admin/")
def show_admin(caller: Caller) -> Any:
    """Staff's first page; whoever is not signed in is sent to do so."""
    now = utc_now()
    plans, _ = list_maintenance(Page(limit=MOST), now, sees_all=True)
    watched = [one for one in list_all_endpoints() if one.endpoint.is_enabled]
    standing = Standing(list_plans(now), now)
    states = [standing.of(one.endpoint.id, one.known) for one in watched]
    troubled = [one for one, state in zip(watched, states, strict=True) if state not in WELL]
    collector_age, _ = run_alone(statements.read_health)[0]
    return room_page(
        "overview.html",
        caller,
        collector=judge_collector(collector_age),
        counts=Counter(states),
        troubled=[show_endpoint_to_staff(one, standing) for one in troubled[:MOST_TROUBLED]],
        more_troubled=max(0, len(troubled) - MOST_TROUBLED),
        incidents=list_incidents(IncidentPage(status="open"), sees_all=True)[0],
        alerts=list_alerts(AlertPage(status="open"))[0],
        plans=[plan for plan in plans if plan.occurrences],
        entries=list_entries(AuditPage(limit=NEWEST_ENTRIES))[0],
    )
