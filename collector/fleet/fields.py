"""Forms of values that more than one kind of message holds. Pure."""

from typing import Any
from uuid import UUID


def is_text(value: Any, most: int) -> bool:
    """A text of at most so many characters that PostgreSQL can keep: it takes no NUL."""
    return type(value) is str and len(value) <= most and "\0" not in value


def as_uuid(value: Any) -> UUID | None:
    """The UUID in a text; None for anything else."""
    try:
        return UUID(value) if type(value) is str else None
    except ValueError:
        return None
