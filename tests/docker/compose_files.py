"""Reads compose files as Compose does: variables filled in, one file laid over another, `!reset` obeyed."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "docker-compose.yml"
PRODUCTION = ROOT / "docker-compose.production.yml"
VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<word>(?:[^{}]|\$\{[^{}]*\})*))?\}")
RESET = object()


class Loader(yaml.SafeLoader):
    """The safe loader, with the tag by which an override takes a value away."""


Loader.add_constructor("!reset", lambda *_: RESET)


class MissingVariableError(Exception):
    """A variable that must be given was not."""


def load(*paths: Path, given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The services as Compose would run them with the variables `given`."""
    merged: dict[str, Any] = {}
    for path in paths:
        merged = merge(merged, yaml.load(path.read_text(), Loader))
    return fill(merged, given or {})


def merge(below: Any, above: Any) -> Any:
    """`above` laid over `below`: mappings key by key; what is reset is gone; anything else is replaced."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    merged = {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}
    return {key: value for key, value in merged.items() if value is not RESET}


def fill(value: Any, given: Mapping[str, str]) -> Any:
    """`value` with its variables filled in; raises MissingVariableError for one that must be given."""
    if isinstance(value, dict):
        return {key: fill(one, given) for key, one in value.items()}
    if isinstance(value, list):
        return [fill(one, given) for one in value]
    if isinstance(value, str):
        return VARIABLE.sub(lambda found: _filled(found, given), value).replace("$$", "$")
    return value


def _filled(found: re.Match[str], given: Mapping[str, str]) -> str:
    name, kind, word = found["name"], found["kind"], found["word"]
    if given.get(name):
        return given[name]
    if kind == "?":
        raise MissingVariableError(name)
    return str(fill(word or "", given))


def variables(path: Path) -> set[str]:
    """The names of all variables that the file lets an operator give, also those in another's default."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    return set(re.findall(r"(?<!\$)\$\{(\w+)", "\n".join(lines)))


def ports(service: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Address, outer and inner port of each published port; no address means all."""
    parts = [str(port).rpartition(":") for port in service.get("ports", [])]
    outer = [(left.rpartition(":"), int(inner)) for left, _, inner in parts]
    return [(address, int(port), inner) for (address, _, port), inner in outer]
