"""Patterns that people write and strangers' answers are matched with: in time that grows only with their length.

Python's own `re` goes back and forth, and `(a+)+$` can hold a thread for years. pydantic brings the engine of Rust,
which never goes back; what it costs at most is the pattern's size times the text's, so both are bounded here.
"""

import re
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

LONGEST_PATTERN = 200
MOST_REPEATS = 100  # of all counted repeats multiplied: they unfold
LONGEST_TEXT = 65_536  # with the limits above, the worst found took 40 ms

COUNTED = re.compile(r"\{(\d+)(?:,(\d*))?\}")


def check_pattern(pattern: str) -> str:
    """The pattern itself; raises ValueError with a reason when it may not be used."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN} signs")
    unfolded = 1
    for low, high in COUNTED.findall(pattern):
        unfolded *= max(1, int(high or low))
    if unfolded > MOST_REPEATS:
        raise ValueError(f"a pattern repeats by count at most {MOST_REPEATS} times, all its counts multiplied")
    _compile(pattern)
    return pattern


def matches(pattern: str, text: str) -> bool:
    """Whether `pattern` is found somewhere in the first `LONGEST_TEXT` signs of `text`."""
    return _compile(pattern).isinstance_python(text[:LONGEST_TEXT])


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> SchemaValidator:
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except SchemaError as error:
        raise ValueError(f"is no pattern: {_reason(str(error))}") from None


def _reason(told: str) -> str:
    """The last line of the engine's drawing of the fault; look-around and back-references are none of its words."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return lines[-1].removeprefix("error: ")[:200] if lines else "it cannot be read"
