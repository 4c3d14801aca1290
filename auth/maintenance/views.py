"""/health/api/maintenance/: planned work; everybody reads it, staff plans it."""

from typing import Any

from auth.http.body import named_changes
from auth.http.paging import Page
from auth.http.problems import Problem
from auth.http.route import Routes, SignIn, sees_all
from auth.maintenance import changing, schemas, store
from auth.sign_in import Caller
from common.clock import utc_now

routes = Routes("maintenance")


@routes.add(
    "GET", "/health/api/maintenance/", sign_in=SignIn.OPTIONAL, query=Page, answers={200: schemas.MaintenanceList}
)
def list_maintenance(caller: Caller | None, query: Page) -> Any:
    """Planned maintenance, newest first, with what runs and comes next; staff also sees that of hidden endpoints."""
    plans, following = store.list_maintenance(query, utc_now(), sees_all=sees_all(caller))
    return {"items": plans, "next": following}


@routes.add(
    "GET",
    "/health/api/maintenance/<key:maintenance_id>/",
    sign_in=SignIn.OPTIONAL,
    answers={200: schemas.MaintenanceView},
)
def read_maintenance(caller: Caller | None, maintenance_id: int) -> Any:
    """One plan, with what runs and comes next."""
    return _tell(maintenance_id, is_staff=sees_all(caller))


@routes.add(
    "POST",
    "/health/api/maintenance/",
    sign_in=SignIn.STAFF,
    body=schemas.NewMaintenance,
    is_idempotent=True,
    answers={201: schemas.MaintenanceView},
)
def plan_maintenance(caller: Caller, body: schemas.NewMaintenance) -> Any:
    """Plan maintenance, once or by an RRULE."""
    return 201, _tell(changing.plan_maintenance(caller, body), is_staff=True)


@routes.add(
    "PATCH",
    "/health/api/maintenance/<key:maintenance_id>/",
    sign_in=SignIn.STAFF,
    body=schemas.MaintenanceChange,
    answers={200: schemas.MaintenanceView},
)
def change_maintenance(caller: Caller, maintenance_id: int, body: schemas.MaintenanceChange) -> Any:
    """Change a plan; once it has begun only its words and its end."""
    changing.change_maintenance(caller, maintenance_id, named_changes(body))
    return _tell(maintenance_id, is_staff=True)


@routes.add("DELETE", "/health/api/maintenance/<key:maintenance_id>/", sign_in=SignIn.STAFF, answers={204: None})
def end_maintenance(caller: Caller, maintenance_id: int) -> Any:
    """End a plan now; one that has not begun is taken away."""
    changing.end_maintenance(caller, maintenance_id)
    return 204, None


def _tell(maintenance_id: int, *, is_staff: bool) -> schemas.MaintenanceView:
    found = store.find_maintenance(maintenance_id, utc_now(), sees_all=is_staff)
    if found is None:
        raise Problem(404, "There is no such maintenance")
    return found
