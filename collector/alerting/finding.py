"""What a rule found of one subject: broken, or holding. A subject of which nothing is known is not found at all."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Severity = Literal["warning", "critical"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule and a subject. While nothing is found of a subject, an alert of it stays as it is."""

    rule: str
    subject: str
    is_broken: bool
    message: str
    severity: Severity = "warning"
    value: float | None = None
    threshold: float | None = None
    endpoint_id: int | None = None
    device_id: UUID | None = None
    is_silenced: bool = False
    began_at: datetime | None = None
    ended_at: datetime | None = None


def endpoint_subject(endpoint_id: int) -> str:
    """An endpoint as the subject of a rule."""
    return f"endpoint:{endpoint_id}"


def device_subject(device_id: UUID) -> str:
    """A device as the subject of a rule."""
    return f"device:{device_id}"


def as_json(records: Iterable[Any]) -> str:
    """Dataclasses as the JSON array that a statement takes."""
    return json.dumps([asdict(record) for record in records], default=_as_text)


def _as_text(value: datetime | UUID) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
