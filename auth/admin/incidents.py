"""/admin/health/incidents/: what went wrong, told by staff as it goes on."""

from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field

from auth.admin.filters import EMPTY
from auth.admin.staff import Room, room_page
from auth.endpoints.store import list_names
from auth.http.body import check, named_changes
from auth.http.problems import Problem
from auth.incidents import changing, store
from auth.incidents.schemas import IncidentChange, IncidentDetail, IncidentPage, NewIncident, NewUpdate
from auth.pages.room import Done, PageForm, demand_unchanged
from auth.pages.typed import numbers_or_texts, text_of
from auth.sign_in import Caller

routes = Room()

HERE = "/admin/health/incidents/"
IMPACTS = (("degraded", "Degraded"), ("partial_outage", "Partial outage"), ("major_outage", "Major outage"))
STATUSES = (
    ("investigating", "Investigating"),
    ("identified", "Identified"),
    ("monitoring", "Monitoring"),
    ("resolved", "Resolved"),
)


class IncidentFilter(IncidentPage):
    """Open ones, resolved ones, or all."""

    status: Annotated[Literal["open", "resolved"] | None, EMPTY] = None


class IncidentForm(PageForm):
    """What an incident says of itself."""

    title: str = ""
    impact: str = "degraded"
    endpoints: list[str] = Field(default_factory=list)

    @property
    def values(self) -> dict[str, Any]:
        """The form in the words of the API's models."""
        return {
            "title": self.title.strip(),
            "impact": self.impact,
            "endpoints": numbers_or_texts(self.endpoints),
        }


class NewIncidentForm(IncidentForm):
    """The same with the first entry of its timeline."""

    status: str = "investigating"
    message: str = ""


class UpdateForm(PageForm):
    """The next entry of a timeline."""

    status: str = ""
    message: str = ""


@routes.show(HERE, query=IncidentFilter)
def show_incidents(caller: Caller, query: IncidentFilter) -> Any:
    """The incidents, newest first."""
    incidents, following = store.list_incidents(query, sees_all=True)
    return room_page("incidents.html", caller, incidents=incidents, next=following, filter=query)


@routes.show(HERE + "new/")
def show_new_incident(caller: Caller) -> Any:
    """The form for a new incident."""
    return _show_new(caller, NewIncidentForm())


def _show_new(caller: Caller, body: NewIncidentForm, refused: Problem | None = None) -> Response:
    return _show_form(caller, body, None, refused, statuses=STATUSES[:-1])


@routes.act(HERE + "new/", body=NewIncidentForm, again=_show_new)
def open_incident_by_form(caller: Caller, body: NewIncidentForm) -> Any:
    """Tell of an incident."""
    new = check(NewIncident, {**body.values, "status": body.status, "message": text_of(body.message)})
    return Done(f"{HERE}{changing.open_incident(caller, new)}/", "The incident is open.")


@routes.show(HERE + "<key:incident_id>/", problems=(404,))
def show_incident(caller: Caller, incident_id: int) -> Any:
    """One incident with its timeline."""
    return _show_one(caller, UpdateForm(status=_find(incident_id).status), incident_id)


def _show_one(caller: Caller, body: UpdateForm, incident_id: int, refused: Problem | None = None) -> Response:
    return room_page(
        "incident.html",
        caller,
        refused,
        form=body,
        incident=_find(incident_id),
        statuses=STATUSES,
        impacts=dict(IMPACTS),
    )


@routes.act(HERE + "<key:incident_id>/updates/", body=UpdateForm, again=_show_one)
def write_incident_update_by_form(caller: Caller, incident_id: int, body: UpdateForm) -> Any:
    """Add to an incident's timeline."""
    update = check(NewUpdate, {"status": body.status, "message": text_of(body.message)})
    changing.write_update(caller, incident_id, update)
    return Done(f"{HERE}{incident_id}/", "The timeline is longer by one.")


@routes.act(HERE + "<key:incident_id>/acknowledge/")
def acknowledge_incident(caller: Caller, incident_id: int) -> Any:
    """Say that somebody has seen it."""
    changing.change_incident(caller, incident_id, {"is_acknowledged": True})
    return Done(f"{HERE}{incident_id}/", "The incident is acknowledged.")


@routes.show(HERE + "<key:incident_id>/edit/", problems=(404,))
def show_incident_change(caller: Caller, incident_id: int) -> Any:
    """The form of an incident, as it stands."""
    return _show_form(caller, _form_of(_find(incident_id)), incident_id)


def _show_form(
    caller: Caller, body: IncidentForm, incident_id: int | None, refused: Problem | None = None, **values: Any
) -> Response:
    return room_page(
        "incident_form.html",
        caller,
        refused,
        form=body,
        incident_id=incident_id,
        impacts=IMPACTS,
        names=[(key, name) for key, name, _ in list_names()],
        **values,
    )


@routes.act(HERE + "<key:incident_id>/edit/", body=IncidentForm, again=_show_form)
def change_incident_by_form(caller: Caller, incident_id: int, body: IncidentForm) -> Any:
    """Change what an incident says of itself."""
    demand_unchanged(body, _form_of(_find(incident_id)))
    changing.change_incident(caller, incident_id, named_changes(check(IncidentChange, body.values)))
    return Done(f"{HERE}{incident_id}/", "The incident is saved.")


def _form_of(incident: IncidentDetail) -> IncidentForm:
    affected = [str(endpoint.id) for endpoint in incident.endpoints]
    return IncidentForm(title=incident.title, impact=incident.impact, endpoints=affected)


def _find(incident_id: int) -> IncidentDetail:
    incident = store.find_incident(incident_id, sees_all=True)
    if incident is None:
        raise Problem(404, "There is no such incident")
    return incident
