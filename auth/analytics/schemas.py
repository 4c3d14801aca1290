"""What the path of analytics takes and gives, and how journals and the self-audit are told."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from auth.http.body import Query
from auth.http.moments import QueryMoment
from auth.http.numbers import Figure

DEFAULT_SHARES = (50.0, 75.0, 90.0, 95.0, 99.0)
MOST_SHARES = 10


def _split(given: Any) -> Any:
    """Percentiles may be given one by one, or in one text with commas between them."""
    return [part for text in given for part in str(text).split(",")]


Share = Annotated[float, Field(gt=0, lt=100)]


class AnalyticsWanted(Query):
    """Over what time, the last 24 hours by default; of which route and method; and which more percentiles."""

    model_config = ConfigDict(validate_by_name=False)

    since: Annotated[QueryMoment | None, Field(alias="from")] = None
    until: Annotated[QueryMoment | None, Field(alias="to")] = None
    endpoint: Annotated[str, Field(max_length=500, description="A route, as `endpoints` spells it")] = ""
    method: Annotated[str | None, Field(max_length=20, description="Only with `endpoint`")] = None
    p: Annotated[
        list[Share],
        BeforeValidator(_split),
        Field(
            default_factory=list,
            max_length=MOST_SHARES,
            description="Percentiles beside the usual ones, such as 99.9",
        ),
    ]

    @field_validator("method")
    @classmethod
    def _check_route(cls, method: str | None, others: ValidationInfo) -> str | None:
        if method is not None and not others.data.get("endpoint"):
            raise ValueError("must come with endpoint")
        return method

    @property
    def shares(self) -> tuple[float, ...]:
        """All percentiles that are told."""
        return tuple(dict.fromkeys((*DEFAULT_SHARES, *self.p)))


class SummaryView(BaseModel):
    """The figures at a glance; without a span, rate and average are of 24 hours, and the requests of a minute."""

    requests_24h: int
    requests_7d: int
    errors_24h: int
    error_rate: Figure = Field(description="Percent of all answers that were 500 or above")
    avg_response_ms: float | None
    requests_per_second: float


class HourView(BaseModel):
    """A step of the span: an hour, or a day where the span is longer than 31."""

    hour: datetime
    requests: int
    errors: int


class RouteView(BaseModel):
    """What a route and method came to."""

    endpoint: str
    method: str
    count: int
    avg_ms: float | None
    errors: int
    error_rate: Figure


class AnalyticsView(BaseModel):
    """All of it. Percentiles are in milliseconds; the span is the one that was taken, `step` in seconds."""

    model_config = ConfigDict(serialize_by_alias=True)

    since: datetime = Field(serialization_alias="from")
    until: datetime = Field(serialization_alias="to")
    step: int
    summary: SummaryView
    hourly: list[HourView]
    top_endpoints: list[RouteView]
    endpoints: list[RouteView]
    status_codes: dict[str, int]
    percentiles: dict[str, float | None]
    methods: dict[str, int]
    updated_at: datetime


class LatencyStep(BaseModel):
    """A step of a span with its latency; without requests there is none."""

    at: datetime
    requests: int = 0
    errors: int = 0
    client_errors: int = 0
    average_ms: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None


class JournalStanding(BaseModel):
    """How a host's journal stands, as its collector last saw it; `quarantined` lines of it could not be read."""

    host: str
    seen_at: datetime
    lag_seconds: float
    backlog_bytes: int
    lost_to_errors: int
    lost_to_cap: int
    lost_at: datetime | None
    quarantined: int


class AuditView(BaseModel):
    """A closed hour counted in each way; auth's own counter, where it was read, may differ a little."""

    hour: datetime
    journal_lines: int
    raw_rows: int
    route_requests: int
    total_requests: int
    counter: int | None
    is_equal: bool
    audited_at: datetime
