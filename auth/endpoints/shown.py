"""How endpoints are shown: to everybody the little that the contract names, to staff all there is."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, RootModel

from auth.endpoints.standing import Standing
from auth.endpoints.store import Watched, columns_of
from auth.http.numbers import Figure
from common.states import State


class Uptime(BaseModel):
    """Percent of the watched time; null where nobody watched. `coverage` is how much was watched, of 24 hours."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, from_attributes=True)

    uptime_24h: Figure | None = Field(None, alias="24h")
    uptime_7d: Figure | None = Field(None, alias="7d")
    uptime_30d: Figure | None = Field(None, alias="30d")
    uptime_90d: Figure | None = Field(None, alias="90d")
    coverage_24h: Figure | None = Field(None, alias="coverage")
    coverage_7d: Figure | None = None
    coverage_30d: Figure | None = None
    coverage_90d: Figure | None = None


class ResponseMs(BaseModel):
    """Milliseconds of the last check, and of those of 24 hours."""

    last: Figure | None = None
    avg_24h: Figure | None = None
    p95_24h: Figure | None = None


class EndpointView(BaseModel):
    """What everybody may see of a public endpoint."""

    id: int
    name: str
    group: str | None
    method: str
    path: str
    status: State
    uptime: Uptime
    response_ms: ResponseMs
    last_checked_at: datetime | None


class CheckView(BaseModel):
    """A check, or with the outcome `missed` so many slots in a row that nobody checked."""

    slot: datetime
    slots: int
    outcome: str
    reason: str | None
    started_at: datetime | None
    duration_ms: Figure | None
    status_code: int | None


class StaffCheckView(CheckView):
    """A check with its phases and all that was observed."""

    detail: str | None
    dns_ms: Figure | None
    connect_ms: Figure | None
    tls_ms: Figure | None
    wait_ms: Figure | None
    transfer_ms: Figure | None
    body_bytes: int | None
    attempts: int
    address: str | None
    certificate_expires_at: datetime | None
    assertions: list[dict[str, Any]] | None
    collector: str
    is_asked: bool


class EndpointDetail(EndpointView):
    """A public endpoint with its newest checks."""

    recent_checks: list[CheckView]


class StaffEndpointView(EndpointView):
    """An endpoint with its whole definition."""

    url: str
    headers: dict[str, str]
    body: str | None
    interval_seconds: int
    timeout_seconds: int
    retries: int
    expected_status: list[str]
    assertions: list[dict[str, Any]]
    degraded_after_ms: int
    is_enabled: bool
    is_public: bool
    parent_id: int | None
    position: int
    status_since: datetime | None
    last_outcome: str | None
    last_reason: str | None
    certificate_expires_at: datetime | None
    created_at: datetime
    updated_at: datetime


class StaffEndpointDetail(StaffEndpointView):
    """An endpoint with its whole definition and its newest checks."""

    recent_checks: list[StaffCheckView]


class EndpointList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[StaffEndpointView | EndpointView]
    next: int | None


class OneEndpoint(RootModel[StaffEndpointDetail | EndpointDetail]):
    """All of it for staff, else what everybody may see."""


class Services(BaseModel):
    """How many are watched, and how many of them are well."""

    total: int
    operational: int


class Overview(BaseModel):
    """The house in a few words; `updated_at` is when it was last checked."""

    status: State
    services: Services
    incidents_open: int
    updated_at: datetime | None


def show_endpoint(watched: Watched, standing: Standing) -> EndpointView:
    """What everybody may see."""
    return EndpointView(**_public_fields(watched, standing))


def show_endpoint_to_staff(watched: Watched, standing: Standing) -> StaffEndpointView:
    """All there is."""
    return StaffEndpointView(**{**_staff_fields(watched), **_public_fields(watched, standing)})


def show_checks(rows: list[dict[str, Any]]) -> list[CheckView]:
    """Checks as everybody may see them."""
    return [CheckView.model_validate(row) for row in rows]


def show_checks_to_staff(rows: list[dict[str, Any]]) -> list[StaffCheckView]:
    """Checks with all that was observed."""
    return [StaffCheckView.model_validate(row) for row in rows]


def _public_fields(watched: Watched, standing: Standing) -> dict[str, Any]:
    endpoint, known, figures = watched.endpoint, watched.known, watched.figures
    return {
        "id": endpoint.id,
        "name": endpoint.name,
        "group": endpoint.group_name,
        "method": endpoint.method,
        "path": urlsplit(endpoint.url).path or "/",
        "status": standing.of(endpoint.id, known, is_enabled=endpoint.is_enabled),
        "uptime": Uptime.model_validate(figures or {}),
        "response_ms": ResponseMs(
            last=known.last_duration_ms if known else None,
            avg_24h=figures.response_avg_24h_ms if figures else None,
            p95_24h=figures.response_p95_24h_ms if figures else None,
        ),
        "last_checked_at": known.last_checked_at if known else None,
    }


def _staff_fields(watched: Watched) -> dict[str, Any]:
    endpoint, known = watched.endpoint, watched.known
    return {
        **columns_of(endpoint),
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
        "status_since": known.since if known else None,
        "last_outcome": known.last_outcome if known else None,
        "last_reason": known.last_reason if known else None,
        "certificate_expires_at": known.certificate_expires_at if known else None,
    }
