"""How tests are spread over workers: a file's in one, and those of all files that share the platform in one, too."""

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadFileScheduling

USES_PLATFORM = re.compile(r"^def \w+\([^)]*\bplatform\b", re.MULTILINE)
STARTERS = ("make_auth", "start_auth", "make_collector", "start_collector", "remote", "Daemon", "Whole", "playwright")
STARTS_PROCESSES = re.compile(rf"\b({'|'.join(STARTERS)})\b")


class BySharing(LoadFileScheduling):
    """What tests share is started once."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "platform" if uses_platform(file) else file


@cache
def uses_platform(file: str) -> bool:
    """Whether a file's tests or fixtures ask for the platform."""
    return bool(USES_PLATFORM.search(Path(file).read_text(encoding="utf-8")))


@cache
def place(file: str) -> int:
    """Where in the run a file comes: first what waits for the whole house, then what starts processes, then the quick.

    So no worker is left with a long one at the end.
    """
    if uses_platform(file) or "faults" in Path(file).parts:
        return 0
    return 1 if STARTS_PROCESSES.search(Path(file).read_text(encoding="utf-8")) else 2
