"""Reads the Dockerfile: its stages by name, and in each the instructions in order."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "docker" / "Dockerfile"


@dataclass
class Stage:
    """One stage: what it stands on, and its instructions as (name, rest)."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        """The rest of each instruction `name`."""
        return [rest for known, rest in self.instructions if known == name]


def stages() -> dict[str, Stage]:
    """Every stage of the Dockerfile."""
    found: dict[str, Stage] = {}
    for name, rest in _instructions():
        if name == "FROM":
            base, _, stage = rest.partition(" AS ")
            found[stage] = Stage(stage, base)
        elif found:
            list(found.values())[-1].instructions.append((name, rest))
    return found


def lineage(name: str) -> list[Stage]:
    """The stage and all that it stands on, nearest first."""
    known = stages()
    line = [known[name]]
    while line[-1].base in known:
        line.append(known[line[-1].base])
    return line


def arguments() -> dict[str, str]:
    """The build arguments with their defaults."""
    return dict(rest.split("=", 1) for name, rest in _instructions() if name == "ARG")


def environment(name: str) -> dict[str, str]:
    """The variables that the image of stage `name` sets."""
    pairs = [pair.split("=", 1) for stage in lineage(name) for rest in stage.all("ENV") for pair in rest.split()]
    return {pair[0]: pair[1] for pair in reversed(pairs)}


def copied(name: str) -> list[str]:
    """What the stage and those beneath it copy from the repository."""
    lines = [rest for stage in lineage(name) for rest in stage.all("COPY") if not rest.startswith("--from")]
    return [source for line in lines for source in line.split()[:-1]]


def packages(name: str) -> set[str]:
    """The names of the packages that stage `name` installs."""
    [line] = [rest for rest in stages()[name].all("RUN") if "pip install" in rest]
    words = line.partition("requirements.lock")[2].split()
    return {re.sub(r"\[.*?\]", "", word.strip('"')) for word in words}


def health_check(name: str) -> list[str]:
    """The health check's command."""
    [check] = stages()[name].all("HEALTHCHECK")
    return [str(word) for word in json.loads(check.partition("CMD ")[2])]


def command(name: str) -> list[str]:
    """What the image runs."""
    [words] = stages()[name].all("CMD")
    return [str(word) for word in json.loads(words)]


def _instructions() -> list[tuple[str, str]]:
    lines = [line for line in PATH.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]
