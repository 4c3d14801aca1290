"""What is demanded of an endpoint's answer, as rows of a form and as the API says it: both ways, pure.

A row is what is looked at and how it is compared, a name where one is needed (a header's, a path in JSON), and a value.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

EMPTY_ROWS = 2

# The key of a row's choice, in words, and what the API calls it: the kind and the name of the value.
CHOICES: dict[str, tuple[str, str, str]] = {
    "body_contains": ("Body contains", "body_contains", "value"),
    "body_matches": ("Body matches pattern", "body_matches", "pattern"),
    "header_equals": ("Header … equals", "header", "equals"),
    "header_contains": ("Header … contains", "header", "contains"),
    "header_matches": ("Header … matches pattern", "header", "matches"),
    "json_equals": ("JSON at path … equals", "json", "equals"),
    "json_at_least": ("JSON at path … is at least", "json", "at_least"),
    "json_at_most": ("JSON at path … is at most", "json", "at_most"),
    "json_matches": ("JSON at path … matches pattern", "json", "matches"),
    "certificate_days": ("Certificate is good for days", "certificate_days", "at_least"),
    "latency": ("Answer within milliseconds", "latency", "at_most_ms"),
}
NAMED_BY = {"header": "name", "json": "path"}
READ_AS_JSON = frozenset({"json_equals", "json_at_least", "json_at_most", "certificate_days", "latency"})
KEYS = {(kind, name): key for key, (_, kind, name) in CHOICES.items()}


@dataclass(frozen=True)
class Row:
    """One demand in a form; an empty choice is none."""

    choice: str = ""
    of: str = ""
    value: str = ""


def read_rows(choices: Iterable[str], names: Iterable[str], values: Iterable[str]) -> list[Row]:
    """The rows of a form that demand something."""
    return [Row(*row) for row in zip(choices, names, values, strict=False) if row[0]]


def with_empty_rows(rows: list[Row]) -> list[Row]:
    """The rows and a few more, to be filled in."""
    return [*rows, *[Row()] * EMPTY_ROWS]


def to_assertion(row: Row) -> dict[str, Any]:
    """The row as the API says it; a choice that is none of ours is left for the API to refuse."""
    _, kind, name = CHOICES.get(row.choice, ("", row.choice, "value"))
    named = {NAMED_BY[kind]: row.of.strip()} if kind in NAMED_BY else {}
    return {"kind": kind, **named, name: _read_json(row.value) if row.choice in READ_AS_JSON else row.value}


def to_row(assertion: Mapping[str, Any]) -> Row:
    """What the API says, as a row."""
    kind = assertion["kind"]
    name = next(name for name in assertion if (kind, name) in KEYS)
    key = KEYS[kind, name]
    value = assertion[name]
    shown = _print_json(value) if key in READ_AS_JSON else value
    return Row(key, str(assertion.get(NAMED_BY.get(kind, ""), "")), shown)


def tell(assertion: Mapping[str, Any]) -> str:
    """What is demanded, in words."""
    row = to_row(assertion)
    words = CHOICES[row.choice][0].replace("…", row.of)
    return f"{words}: {row.value}"


def _read_json(text: str) -> Any:
    """`true`, `5` and `"5"` are JSON; what is none is text as it stands."""
    try:
        return json.loads(text, parse_constant=str, parse_float=_read_finite)
    except (ValueError, RecursionError):  # thousands of brackets deep is text, too
        return text


def _read_finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _print_json(value: Any) -> str:
    """Text stands bare, unless it would then be read as something else."""
    if isinstance(value, str) and _read_json(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)
