"""Prints `.env.example` from the settings records themselves: `python -m tools.env_example > .env.example`."""

import dataclasses
from typing import Any

from auth.settings import OwnerSettings
from auth.settings import Settings as AuthSettings
from collector.settings import Settings as CollectorSettings
from generator.settings import Settings as GeneratorSettings
from standalone.settings import Settings as StandaloneSettings

HEAD = """\
# Every setting, with its default; `demo:` is the default of a demo (WATCHHOUSE_DEMO=1) where that differs.
# A setting marked `secret` may also come from a file, named by NAME_FILE. Outside a demo a secret that is missing,
# the demo's own, or shorter than 32 bytes stops the start, and all faults are told at once.
"""
RECORDS: tuple[tuple[str, Any], ...] = (
    ("make run (python -m standalone)", StandaloneSettings),
    ("auth (python -m auth run)", AuthSettings),
    ("the schema's owner (python -m auth migrate)", OwnerSettings),
    ("collector (python -m collector run)", CollectorSettings),
    ("generator (python -m generator)", GeneratorSettings),
)


def describe(field: "dataclasses.Field[Any]") -> str:
    """A comment and a line that only needs its sign taken off."""
    known = field.metadata
    notes = ["secret"] if known["secret"] else []
    default, demo = (None if known[key] is dataclasses.MISSING else known[key] for key in ("default", "demo"))
    if default is None and known["default"] is dataclasses.MISSING:
        notes.append("required outside a demo" if demo is not None else "required")
    if demo is not None and demo != default:
        notes.append(f"demo: {demo}" if demo else "demo: made at the first start")
    marks = f" ({'; '.join(notes)})" if notes else ""
    return f"# {known['help'].rstrip('.')}{marks}\n#{known['name']}={default or ''}\n"


def print_all() -> str:
    """The whole file."""
    parts = [HEAD]
    for title, record in RECORDS:
        parts.append(f"# ---- {title}\n")
        parts += [describe(field) for field in dataclasses.fields(record)]
    return "\n".join(parts)


if __name__ == "__main__":
    print(print_all(), end="")  # noqa: T201  # its output is its purpose
