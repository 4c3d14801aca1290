"""What narrows the history of checks, and how spans of a state are shown."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from auth.http.paging import Page

Outcome = Literal["operational", "degraded", "major_outage", "missed"]


class CheckPage(Page):
    """A page of an endpoint's checks, newest first; the cursor is a slot in microseconds since 1970."""

    endpoint_id: Annotated[int, Field(ge=1)]
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None


class SpanView(BaseModel):
    """A time in which an endpoint's state was the same; the last one still goes on."""

    state: str
    began_at: datetime
    ended_at: datetime | None
    seconds: float
