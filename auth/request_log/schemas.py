"""What narrows the request log, and how a request is shown."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from auth.http.moments import QueryMoment
from auth.http.paging import Page

Status = Annotated[str, Field(pattern=r"^[1-5]([0-9]{2}|xx)$", description="A code, or a class of codes like 5xx")]


class RequestPage(Page):
    """A page of the log, newest first; requests of our own probes are shown alone, or not at all."""

    endpoint: Annotated[str | None, Field(min_length=1, max_length=500)] = None
    method: Annotated[str | None, Field(min_length=1, max_length=20)] = None
    status: Status | None = None
    user_id: Annotated[UUID | None, Field(description="For staff; others see their own requests only")] = None
    since: QueryMoment | None = None
    until: QueryMoment | None = None
    is_probe: Annotated[bool | None, Field(description="For staff: the house's own probes instead")] = None

    @property
    def statuses(self) -> tuple[int, int]:
        """The lowest and the highest code that is wanted."""
        if self.status is None:
            return 0, 999
        if self.status.endswith("xx"):
            return int(self.status[0]) * 100, int(self.status[0]) * 100 + 99
        return int(self.status), int(self.status)


class RequestsWanted(RequestPage):
    """The same as the path's query string has it."""

    model_config = ConfigDict(validate_by_name=False)

    since: Annotated[QueryMoment | None, Field(alias="from")] = None
    until: Annotated[QueryMoment | None, Field(alias="to")] = None


class RequestView(BaseModel):
    """A request. Its id has more digits than a JavaScript number can hold, so it is text."""

    id: str
    at: datetime
    endpoint: str
    method: str
    status: int
    duration_ms: float
    request_bytes: int
    response_bytes: int
    is_probe: bool
    user_id: UUID | None
    ip_address: str | None
    user_agent: str | None
    request_id: str | None
    problem_title: str | None
    problem_detail: str | None


class RequestList(BaseModel):
    """A page of the log. It may hold few or none and still have a `next`: what is rare is looked for part by part."""

    items: list[RequestView]
    next: str | None = Field(description="The cursor of the next page")
