"""What /actions/* takes and gives."""

import re
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationInfo, field_validator

from auth.http.body import Body, Query
from auth.http.paging import Cursor, Key

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def _check_web_address(url: str) -> str:
    if any(sign.isspace() or not sign.isprintable() for sign in url) or not _has_host(url):
        raise ValueError("must be an http or https address")
    return url


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an IPv6 address, a port that is none
        return False


def _check_day(given: Any) -> str:
    """Pydantic would take seconds since 1970 for a day too, also when they are written as text."""
    if not isinstance(given, str) or not DAY.match(given):
        raise ValueError("must be a day like 2026-12-31")
    return given


Name = Annotated[str, Field(min_length=1, max_length=200)]
Short = Annotated[str, Field(max_length=200)]
Kind = Annotated[str, Field(max_length=100)]
Long = Annotated[str, Field(max_length=10_000)]
Day = Annotated[date, Field(strict=False), BeforeValidator(_check_day)]
WebAddress = Annotated[
    str, Field(max_length=2048, pattern=r"^[hH][tT][tT][pP][sS]?://"), AfterValidator(_check_web_address)
]


class Fields(Body):
    """What may be said of a resource."""

    author: Short | None = None
    annotation: Long | None = None
    kind: Kind | None = None
    purpose: Long | None = None
    open_date: Day | None = None
    expiry_date: Day | None = None
    usage_conditions: Long | None = None
    url: WebAddress | None = None

    @field_validator("expiry_date")
    @classmethod
    def _check_order(cls, expiry: date | None, others: ValidationInfo) -> date | None:
        opened = others.data.get("open_date")
        if expiry and opened and expiry < opened:
            raise ValueError("must not be before open_date")
        return expiry


class NewResource(Fields):
    """A resource to be shared; only its name is required."""

    name: Name


class ResourceChange(Fields):
    """A resource's id and the fields to change; null empties one, and one that is left out stays."""

    id: Key
    name: Name = ""


class ResourceId(Body):
    """Which resource."""

    id: Key


class Reading(Query):
    """What narrows the list; without `limit` it is whole."""

    limit: Annotated[int | None, Field(ge=1, le=200)] = None
    cursor: Cursor = 0
    id: Key | None = None
    kind: Annotated[str | None, Field(max_length=100)] = None
    q: Annotated[str | None, Field(max_length=200, description="Part of a name or author")] = None


class Changed(BaseModel):
    """Which resource was made, changed or deleted."""

    message: str
    id: int


class ResourceView(BaseModel):
    """A resource as it is shown."""

    id: int
    name: str
    author: str | None
    annotation: str | None
    kind: str | None
    purpose: str | None
    open_date: date | None
    expiry_date: date | None
    usage_conditions: str | None
    url: str | None
    owner_id: UUID
    created_at: datetime
    updated_at: datetime


class ResourceList(BaseModel):
    """Resources; `next` is there when a page has more after it."""

    message: str
    data: list[ResourceView]
    next: int | None = None
