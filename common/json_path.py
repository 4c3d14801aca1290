"""The singular queries of RFC 9535: names and places only, so that a path finds one value or none. Pure."""

import re
from functools import lru_cache
from typing import Any

import orjson

LONGEST_PATH = 200
NONE_FOUND = object()

SEGMENT = re.compile(
    r"""\.(?P<name>[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*)
    |\[(?P<place>0|-?[1-9][0-9]{0,8})\]
    |\[(?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)")\]""",
    re.VERBOSE,
)


@lru_cache(maxsize=1024)
def parse_path(path: str) -> tuple[str | int, ...]:
    """The steps of `path`; raises ValueError when it is no singular query."""
    if len(path) > LONGEST_PATH or not path.startswith("$"):
        raise ValueError("a path starts with $ and has at most 200 signs")
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        found = SEGMENT.match(path, at)
        if found is None:
            raise ValueError(f"cannot be read from sign {at + 1} on: a path is made of .name, ['name'] and [0]")
        steps.append(_step(found))
        at = found.end()
    return tuple(steps)


def _step(found: "re.Match[str]") -> str | int:
    if found["place"] is not None:
        return int(found["place"])
    if found["name"] is not None:
        return found["name"]
    if found["single"] is not None:
        return _unquote(found["single"].replace("\\'", "'").replace('"', '\\"'))
    return _unquote(found["double"])


def _unquote(inner: str) -> str:
    try:
        name: str = orjson.loads(f'"{inner}"')
    except orjson.JSONDecodeError:
        raise ValueError("has a name in quotes that cannot be read") from None
    return name


def find(path: str, document: Any) -> Any:
    """The value at `path`, or `NONE_FOUND`."""
    value = document
    for step in parse_path(path):
        value = _take(value, step)
        if value is NONE_FOUND:
            break
    return value


def _take(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return value.get(step, NONE_FOUND) if isinstance(value, dict) else NONE_FOUND
    if not isinstance(value, list) or not -len(value) <= step < len(value):
        return NONE_FOUND
    return value[step]
