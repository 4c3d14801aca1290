"""How tests are spread over workers: a file's in one, and those of all files that share the platform in one, too."""

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadFileScheduling

USES_PLATFORM = re.compile(r"^def \w+\([^)]*\bplatform\b", re.MULTILINE)


class BySharing(LoadFileScheduling):
    """What tests share is started once."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "platform" if uses_platform(file) else file


@cache
def uses_platform(file: str) -> bool:
    """Whether a file's tests or fixtures ask for the platform."""
    return bool(USES_PLATFORM.search(Path(file).read_text(encoding="utf-8")))


def takes_long(file: str) -> bool:
    """Whether a file's tests wait for whole processes most of the time."""
    return uses_platform(file) or "faults" in Path(file).parts
