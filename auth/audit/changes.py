"""What a change did, field by field, as it is kept: pure. Secrets are told by `***` only, and that they changed."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

HIDDEN = "***"

Changes = dict[str, list[Any]]


def changes_between(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, *, secret: Collection[str] = ()
) -> Changes:
    """`{field: [before, after]}` of the fields that differ; None before or after for what was made or deleted."""
    was, is_now = before or {}, after or {}
    return {
        field: [_shown(was.get(field), field in secret), _shown(is_now.get(field), field in secret)]
        for field in {**was, **is_now}
        if was.get(field) != is_now.get(field)
    }


def _shown(value: Any, is_secret: bool) -> Any:
    """The value as JSON has it; of secret headers the names may be told."""
    if is_secret:
        return dict.fromkeys(value, HIDDEN) if isinstance(value, dict) else value and HIDDEN
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
