"""What staff does about incidents: each change whole, with its messages and its entry in the audit log."""

from typing import Any

from sqlalchemy import func

from auth.audit.changes import Changes, changes_between
from auth.audit.store import record
from auth.http.problems import Problem
from auth.incidents import store
from auth.incidents.schemas import NewIncident, NewUpdate
from auth.sign_in import Caller
from sql.models import Incident

RESOLVED = "resolved"


def open_incident(caller: Caller, body: NewIncident) -> int:
    """Tell of an incident; returns its id. An endpoint that is unknown is a rule of the database."""
    values = body.model_dump(include={"title", "impact", "status"})
    incident = store.insert_incident({**values, "opened_by": caller.id})
    store.set_affected(incident.id, body.endpoints)
    store.insert_update(incident.id, body.status, body.message, caller.id)
    store.queue_notifications(subject_of(incident.title, body.status), body.message)
    record(caller, "incident.created", "incident", incident.id, changes_between(None, body.model_dump()))
    return incident.id


def change_incident(caller: Caller, incident_id: int, changes: dict[str, Any]) -> None:
    """Change what an incident says of itself, or acknowledge it. Raises Problem 404."""
    incident = _hold(incident_id)
    before = _fields_of(incident)
    columns: dict[str, Any] = {name: changes[name] for name in ("title", "impact") if name in changes}
    if "is_acknowledged" in changes and incident.acknowledged_at is None:
        columns |= {"acknowledged_at": func.now(), "acknowledged_by": caller.id}
    if "endpoints" in changes:
        store.set_affected(incident_id, changes["endpoints"])
    store.update_incident(incident, columns)
    if changed := changes_between(before, _fields_of(incident)):
        record(caller, "incident.changed", "incident", incident_id, changed)


def write_update(caller: Caller, incident_id: int, body: NewUpdate) -> None:
    """Add to an incident's timeline, and resolve it with the status `resolved`. Raises Problem 404, 409.

    What is resolved stays so: it may be added to, and what comes back is an incident of its own.
    """
    incident = _hold(incident_id)
    was = incident.status
    if was == RESOLVED and body.status != RESOLVED:
        raise Problem(409, "This incident is resolved; tell of a new one")
    if body.status == RESOLVED and was != RESOLVED:
        store.update_incident(
            incident, {"status": RESOLVED, "resolved_at": func.greatest(func.now(), Incident.started_at)}
        )
    else:
        store.update_incident(incident, {"status": body.status})
    store.insert_update(incident_id, body.status, body.message, caller.id)
    store.queue_notifications(subject_of(incident.title, body.status), body.message)
    changes: Changes = {"status": [was, body.status], "message": [None, body.message]}
    record(caller, "incident.update_written", "incident", incident_id, changes)


def subject_of(title: str, status: str) -> str:
    """What a message of an incident is headed with."""
    return f"{title}: {status}"


def _hold(incident_id: int) -> Incident:
    incident = store.lock_incident(incident_id)
    if incident is None:
        raise Problem(404, "There is no such incident")
    return incident


def _fields_of(incident: Incident) -> dict[str, Any]:
    return {
        "title": incident.title,
        "impact": incident.impact,
        "endpoints": store.list_affected(incident.id),
        "is_acknowledged": incident.acknowledged_at is not None,
    }
