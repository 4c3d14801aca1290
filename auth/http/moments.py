"""Moments as requests tell them: ISO 8601 with a zone, within the centuries that make sense here; and time zones."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from common.maintenance import zone_named

FORM = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})\Z", re.ASCII)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _check_form(given: Any) -> Any:
    """Pydantic would take seconds since 1970 for a moment too, also when they are written as text."""
    if not isinstance(given, str) or not FORM.match(given):
        raise ValueError("must be a moment with its zone, like 2026-12-31T22:00:00Z")
    return given


def _to_utc(moment: datetime) -> datetime:
    if not EARLIEST.replace(tzinfo=None) <= moment.replace(tzinfo=None) <= LATEST.replace(tzinfo=None):
        raise ValueError(f"must be from {EARLIEST.year} to {LATEST.year}")
    return moment.astimezone(UTC)


def _check_zone(name: str) -> str:
    zone_named(name)
    return name


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_check_form), AfterValidator(_to_utc)]
QueryMoment = Annotated[Moment, Field(description="ISO 8601 with its zone; a plus sign is %2B")]
Zone = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_check_zone)]
