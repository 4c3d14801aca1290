"""All database work of incidents that staff causes; those that a rule opens are the collector's."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import func

from auth.database import db, run_within
from auth.incidents.schemas import IncidentDetail, IncidentPage, IncidentView
from sql.models import Incident, IncidentUpdate
from sql.statements import Row, load

statements = load("incidents")
notifications = load("notifications")


def list_incidents(page: IncidentPage, *, sees_all: bool) -> tuple[list[IncidentView], int | None]:
    """A page of incidents, newest first, and the next page's cursor."""
    is_open = None if page.status is None else page.status == "open"
    rows = _read(page=page.limit, cursor=page.cursor, id=None, is_open=is_open, sees_all=sees_all)
    kept = rows[: page.limit]
    return [IncidentView(**told) for _, told in kept], kept[-1][0] if len(rows) > page.limit else None


def find_incident(incident_id: int, *, sees_all: bool) -> IncidentDetail | None:
    """An incident with its timeline; None for one that is not there, or not for everybody's eyes."""
    rows = _read(page=1, cursor=0, id=incident_id, is_open=None, sees_all=sees_all)
    return IncidentDetail(**rows[0][1]) if rows else None


def lock_incident(incident_id: int) -> Incident | None:
    """The incident, held until the request's transaction ends."""
    return db.session.get(Incident, incident_id, with_for_update=True)


def insert_incident(values: dict[str, Any]) -> Incident:
    """A new incident."""
    incident = Incident(**values)
    db.session.add(incident)
    db.session.flush()
    return incident


def update_incident(incident: Incident, values: dict[str, Any]) -> None:
    """Put `values` into the incident."""
    for name, value in values.items():
        setattr(incident, name, value)
    incident.updated_at = func.now()
    db.session.flush()


def insert_update(incident_id: int, status: str, message: str, written_by: Any) -> None:
    """One more entry of the timeline."""
    db.session.add(IncidentUpdate(incident_id=incident_id, status=status, message=message, written_by=written_by))
    db.session.flush()


def list_affected(incident_id: int) -> list[int]:
    """The ids of the endpoints that an incident affects."""
    return list(run_within(statements.list_incident_endpoints, incident_id=incident_id)[0][0])


def set_affected(incident_id: int, endpoint_ids: Collection[int]) -> None:
    """Make these the endpoints that an incident affects; one that is unknown raises IntegrityError."""
    run_within(statements.set_incident_endpoints, incident_id=incident_id, endpoint_ids=list(endpoint_ids))


def resolve_of_endpoint(endpoint_id: int, message: str) -> None:
    """Resolve the incident that a rule opened for an endpoint, where there is one."""
    run_within(statements.resolve_incidents_of_endpoint, endpoint_id=endpoint_id, message=message)


def queue_notifications(subject: str, body: str) -> None:
    """A message to every channel that wants to hear of incidents, sent once this transaction is committed."""
    run_within(notifications.queue_notifications, kind="incidents", subject=subject, body=body)


def _read(**narrowed: Any) -> list[Row]:
    return run_within(statements.read_incidents, **narrowed)
