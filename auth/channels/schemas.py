"""What a channel is made of, and how it is shown: never by its URL, which may hold a password."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from auth.http.body import Body
from auth.http.texts import OneLine

Kind = Literal["changes", "incidents", "alerts"]
KINDS: dict[Kind, str] = {
    "changes": "Changes of state",
    "incidents": "Incidents and their updates",
    "alerts": "Alerts",
}

Name = Annotated[str, Field(min_length=1, max_length=100), OneLine]
Url = Annotated[str, Field(min_length=1, max_length=2048)]
Kinds = Annotated[list[Kind], Field(min_length=1, max_length=len(KINDS))]


class NewChannel(Body):
    """A new channel."""

    name: Name
    url: Url
    kinds: Kinds
    is_enabled: bool = True


class ChannelChange(Body):
    """What may change of a channel; what is left out stays."""

    name: Name = ""
    url: Url = ""
    kinds: Kinds = Field(default_factory=list)
    is_enabled: bool = True


class ChannelView(BaseModel):
    """A channel with what its last delivery said and how many messages it has."""

    id: int
    name: str
    shown: str
    kinds: list[str]
    is_enabled: bool
    is_up: bool | None
    error: str | None
    checked_at: datetime | None
    succeeded_at: datetime | None
    failures: int
    queued: int
    failed: int


class MessageView(BaseModel):
    """A message to a channel: what it is about and how far it has come."""

    id: int
    recipient: str
    subject: str
    status: str
    attempts: int
    created_at: datetime
    finished_at: datetime | None
    due_at: datetime
    last_error: str | None
