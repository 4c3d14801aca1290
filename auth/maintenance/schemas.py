"""What the paths of maintenance take and give."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from auth.http.body import Body
from auth.http.moments import EARLIEST, Moment, Zone
from auth.http.texts import OneLine
from auth.incidents.schemas import AffectedEndpoint, EndpointIds, Title
from common.recurrence import LONGEST_TEXT, parse_rule


def _check_rule(text: str) -> str:
    parse_rule(text)
    return text


Rule = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_TEXT, description="An RRULE of RFC 5545, like FREQ=WEEKLY;BYDAY=SU"),
    OneLine,
    AfterValidator(_check_rule),
]


class Fields(Body):
    """What may be said of planned maintenance beside its title and its first time."""

    description: Annotated[str, Field(max_length=5000)] = ""
    rrule: Rule | None = None
    timezone: Zone = "UTC"
    repeats_until: Moment | None = None
    endpoints: EndpointIds = Field(default_factory=list)
    is_for_all: bool = False


class NewMaintenance(Fields):
    """Maintenance from `starts_at` to `ends_at`, of some endpoints or of all; with `rrule` it recurs by the wall clock
    of its zone."""

    title: Title
    starts_at: Moment
    ends_at: Moment


class MaintenanceChange(Fields):
    """The fields to change; one that is left out stays. Of a plan that has begun only words and end may change."""

    title: Title = ""
    starts_at: Moment = EARLIEST
    ends_at: Moment = EARLIEST


class OccurrenceView(BaseModel):
    """A time in which maintenance is planned."""

    starts_at: datetime
    ends_at: datetime


class MaintenanceView(BaseModel):
    """A plan, with the occurrences that run or come next."""

    id: int
    title: str
    description: str
    starts_at: datetime
    ends_at: datetime
    rrule: str | None
    timezone: str
    repeats_until: datetime | None
    is_for_all: bool
    endpoints: list[AffectedEndpoint]
    is_active: bool
    occurrences: list[OccurrenceView]
    created_at: datetime
    updated_at: datetime


class MaintenanceList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[MaintenanceView]
    next: int | None
