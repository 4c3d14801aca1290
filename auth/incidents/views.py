"""/health/api/incidents/: what went wrong; everybody signed in reads it, staff tells it."""

from typing import Any

from auth.http.body import named_changes
from auth.http.problems import Problem
from auth.http.route import Routes, SignIn, sees_all
from auth.incidents import changing, schemas, store
from auth.sign_in import Caller

routes = Routes("incidents")


@routes.add(
    "GET",
    "/health/api/incidents/",
    sign_in=SignIn.CALLER,
    query=schemas.IncidentPage,
    answers={200: schemas.IncidentList},
)
def list_incidents(caller: Caller, query: schemas.IncidentPage) -> Any:
    """Incidents, newest first, a page at a time; those of endpoints that are not public only for staff."""
    incidents, following = store.list_incidents(query, sees_all=sees_all(caller))
    return {"items": incidents, "next": following}


@routes.add(
    "GET",
    "/health/api/incidents/<key:incident_id>/",
    sign_in=SignIn.CALLER,
    answers={200: schemas.IncidentDetail},
)
def read_incident(caller: Caller, incident_id: int) -> Any:
    """One incident with its timeline."""
    return _tell(incident_id, is_staff=sees_all(caller))


@routes.add(
    "POST",
    "/health/api/incidents/",
    sign_in=SignIn.STAFF,
    body=schemas.NewIncident,
    is_idempotent=True,
    answers={201: schemas.IncidentDetail},
)
def open_incident(caller: Caller, body: schemas.NewIncident) -> Any:
    """Tell of an incident."""
    return 201, _tell(changing.open_incident(caller, body), is_staff=True)


@routes.add(
    "PATCH",
    "/health/api/incidents/<key:incident_id>/",
    sign_in=SignIn.STAFF,
    body=schemas.IncidentChange,
    answers={200: schemas.IncidentDetail},
)
def change_incident(caller: Caller, incident_id: int, body: schemas.IncidentChange) -> Any:
    """Change what an incident says of itself, or acknowledge it; fields that are left out stay."""
    changing.change_incident(caller, incident_id, named_changes(body))
    return _tell(incident_id, is_staff=True)


@routes.add(
    "POST",
    "/health/api/incidents/<key:incident_id>/updates/",
    sign_in=SignIn.STAFF,
    body=schemas.NewUpdate,
    is_idempotent=True,
    answers={201: schemas.IncidentDetail},
)
def write_update(caller: Caller, incident_id: int, body: schemas.NewUpdate) -> Any:
    """Add to an incident's timeline; the status `resolved` ends it."""
    changing.write_update(caller, incident_id, body)
    return 201, _tell(incident_id, is_staff=True)


def _tell(incident_id: int, *, is_staff: bool) -> schemas.IncidentDetail:
    incident = store.find_incident(incident_id, sees_all=is_staff)
    if incident is None:
        raise Problem(404, "There is no such incident")
    return incident
