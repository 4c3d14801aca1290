"""Waiting for a condition instead of sleeping for a guess."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

Found = TypeVar("Found")

LOOK_SECONDS = 0.02


def wait_for(look: Callable[[], Found | None], *, seconds: float = 10.0, what: str = "") -> Found:
    """What `look` gives once it is truthy; a failure of the test when that takes longer than `seconds`."""
    end = monotonic() + seconds
    while not (found := look()):
        assert monotonic() < end, f"not within {seconds} s: {what or look}"
        sleep(LOOK_SECONDS)
    return found
