"""What the paths of incidents take and give."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from auth.http.body import Body
from auth.http.paging import Key, Page
from auth.http.texts import OneLine

Impact = Literal["degraded", "partial_outage", "major_outage"]
Status = Literal["investigating", "identified", "monitoring", "resolved"]
Title = Annotated[str, Field(min_length=1, max_length=200), OneLine]
Message = Annotated[str, Field(min_length=1, max_length=5000)]
EndpointIds = Annotated[list[Key], Field(max_length=1000)]


class IncidentPage(Page):
    """A page of incidents, newest first."""

    status: Literal["open", "resolved"] | None = None


class NewIncident(Body):
    """An incident that staff tells of; `message` begins its timeline, `endpoints` are the ids of those affected."""

    title: Title
    impact: Impact
    message: Message
    status: Literal["investigating", "identified", "monitoring"] = "investigating"
    endpoints: EndpointIds = Field(default_factory=list)


class IncidentChange(Body):
    """The fields to change; one that is left out stays. Who acknowledges an incident has seen it, once and for all."""

    title: Title = ""
    impact: Impact = "degraded"
    endpoints: EndpointIds = Field(default_factory=list)
    is_acknowledged: Literal[True] = True


class NewUpdate(Body):
    """The next entry of an incident's timeline, and with it how the incident now stands."""

    status: Status
    message: Message


class AffectedEndpoint(BaseModel):
    """An endpoint that an incident or a plan concerns."""

    id: int
    name: str


class UpdateView(BaseModel):
    """An entry of a timeline; by rule when nobody wrote it."""

    id: int
    status: Status
    message: str
    written_by: UUID | None
    created_at: datetime


class IncidentView(BaseModel):
    """An incident as it stands."""

    id: int
    title: str
    status: Status
    impact: Impact
    is_by_rule: bool
    opened_by: UUID | None
    started_at: datetime
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    endpoints: list[AffectedEndpoint]
    created_at: datetime
    updated_at: datetime


class IncidentDetail(IncidentView):
    """An incident with its timeline, oldest first."""

    updates: list[UpdateView]


class IncidentList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[IncidentView]
    next: int | None
