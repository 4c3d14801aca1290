"""/health/api/endpoints/, /health/api/overview/, /health/api/run-health-checks/: what is watched and how it stands."""

from typing import Any

from auth.endpoints import changing, schemas, shown, store
from auth.endpoints.asking import CheckRequestView, ask_for_checks, read_request, wait_for_checks
from auth.endpoints.standing import Standing
from auth.http.body import named_changes
from auth.http.problems import Problem
from auth.http.route import Routes, SignIn, sees_all
from auth.maintenance.store import list_plans
from auth.sign_in import Caller
from common.clock import utc_now
from common.states import OPERATIONAL, group_state

routes = Routes("endpoints")

NONE_SUCH = "There is no such endpoint"


@routes.add("GET", "/health/api/overview/", answers={200: shown.Overview})
def read_overview() -> Any:
    """How the house is doing, over its public endpoints."""
    overviewed, standing = store.list_overviewed(), stand_now()
    states = [standing.of(watched.endpoint.id, watched.known) for watched in overviewed]
    checked = [watched.known.last_checked_at for watched in overviewed if watched.known]
    return shown.Overview(
        status=group_state(states),
        services=shown.Services(total=len(states), operational=states.count(OPERATIONAL)),
        incidents_open=store.count_open_incidents(),
        updated_at=max(checked, default=None),
    )


@routes.add(
    "GET",
    "/health/api/endpoints/",
    sign_in=SignIn.OPTIONAL,
    query=schemas.EndpointPage,
    answers={200: shown.EndpointList},
)
def list_endpoints(caller: Caller | None, query: schemas.EndpointPage) -> Any:
    """The endpoints and how they stand, a page at a time: the public ones; staff sees all of all."""
    is_staff, standing = sees_all(caller), stand_now()
    show = shown.show_endpoint_to_staff if is_staff else shown.show_endpoint
    endpoints, following = store.list_endpoints(query, sees_all=is_staff)
    return {"items": [show(watched, standing) for watched in endpoints], "next": following}


@routes.add(
    "GET",
    "/health/api/endpoints/<key:endpoint_id>/",
    sign_in=SignIn.OPTIONAL,
    answers={200: shown.OneEndpoint},
)
def read_endpoint(caller: Caller | None, endpoint_id: int) -> Any:
    """One endpoint and how it stands, with its newest checks; staff sees all of it."""
    return _tell(endpoint_id, is_staff=sees_all(caller))


@routes.add(
    "POST",
    "/health/api/endpoints/",
    sign_in=SignIn.STAFF,
    body=schemas.NewEndpoint,
    is_idempotent=True,
    answers={201: shown.StaffEndpointDetail},
)
def create_endpoint(caller: Caller, body: schemas.NewEndpoint) -> Any:
    """Watch an endpoint from now on."""
    return 201, _tell(changing.add_endpoint(caller, body).id, is_staff=True)


@routes.add(
    "PATCH",
    "/health/api/endpoints/<key:endpoint_id>/",
    sign_in=SignIn.STAFF,
    body=schemas.EndpointChange,
    answers={200: shown.StaffEndpointDetail},
)
def change_endpoint(caller: Caller, endpoint_id: int, body: schemas.EndpointChange) -> Any:
    """Change an endpoint; fields that are left out stay."""
    changing.change_endpoint(caller, endpoint_id, named_changes(body))
    return _tell(endpoint_id, is_staff=True)


@routes.add("DELETE", "/health/api/endpoints/<key:endpoint_id>/", sign_in=SignIn.STAFF, answers={204: None})
def delete_endpoint(caller: Caller, endpoint_id: int) -> Any:
    """Watch an endpoint no longer, and forget what was found of it."""
    changing.delete_endpoint(caller, endpoint_id)
    return 204, None


@routes.add(
    "POST",
    "/health/api/run-health-checks/",
    sign_in=SignIn.STAFF,
    body=schemas.ChecksWanted,
    query=schemas.Patience,
    answers={200: CheckRequestView, 202: CheckRequestView},
)
def run_health_checks(caller: Caller, body: schemas.ChecksWanted, query: schemas.Patience) -> Any:
    """Check endpoints now, beside their schedule. What takes longer than the wait is answered 202, to be read later."""
    found = wait_for_checks(ask_for_checks(caller, body.endpoints), query.wait)
    return (200 if found.status == "finished" else 202), found


@routes.add(
    "GET",
    "/health/api/run-health-checks/<key:request_id>/",
    sign_in=SignIn.STAFF,
    answers={200: CheckRequestView},
)
def read_health_checks(request_id: int) -> Any:
    """How far checks that were asked for have come."""
    return read_request(request_id)


def stand_now() -> Standing:
    """How endpoints stand at this moment."""
    now = utc_now()
    return Standing(list_plans(now), now)


def _tell(endpoint_id: int, *, is_staff: bool) -> shown.EndpointView:
    """One endpoint whole. Raises Problem 404."""
    watched = store.find_watched(endpoint_id, sees_all=is_staff)
    if watched is None:
        raise Problem(404, NONE_SUCH)
    checks, standing = store.list_recent_checks(endpoint_id), stand_now()
    if not is_staff:
        return shown.EndpointDetail(
            **shown.show_endpoint(watched, standing).model_dump(), recent_checks=shown.show_checks(checks)
        )
    return shown.StaffEndpointDetail(
        **shown.show_endpoint_to_staff(watched, standing).model_dump(), recent_checks=shown.show_checks_to_staff(checks)
    )
