"""What narrows the audit log, and how an entry is shown."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from auth.http.moments import QueryMoment
from auth.http.paging import Page


class AuditPage(Page):
    """A page of the audit log, newest first."""

    action: Annotated[str | None, Field(max_length=100)] = None
    subject_type: Annotated[str | None, Field(max_length=100)] = None
    subject_id: Annotated[str | None, Field(max_length=100)] = None
    user_id: UUID | None = None
    since: QueryMoment | None = None
    until: QueryMoment | None = None


class AuditEntryView(BaseModel):
    """Who changed what, when and from where; the collector's own changes have no user."""

    id: int
    at: datetime
    user_id: UUID | None
    email: str | None
    action: str
    subject_type: str
    subject_id: str
    changes: dict[str, Any]
    ip_address: str | None
    request_id: str | None
