"""What the link has heard and the writer has not taken yet: bounded, since a broker may send faster than we store."""

import time
from collections import deque
from collections.abc import Sequence
from threading import Condition
from typing import NamedTuple

from collector.fleet.packets import Heard

MOST_MESSAGES = 50_000
MOST_BYTES = 64 * 1024 * 1024


class Portion(NamedTuple):
    """What one read of the socket brought, and when; or, with a `fault`, what could not be taken as usual."""

    heard: Sequence[Heard]
    size: int
    at: float
    fault: str = ""


class Inbox:
    """Between the thread of the link, which puts, and the writer's, which takes. All in it is of one connection."""

    def __init__(self, most_messages: int = MOST_MESSAGES, most_bytes: int = MOST_BYTES) -> None:
        self._most_messages, self._most_bytes = most_messages, most_bytes
        self._portions: deque[Portion] = deque()
        self._changed = Condition()
        self._messages = 0
        self._bytes = 0
        self._is_full = False

    @property
    def messages(self) -> int:
        """How many wait."""
        return self._messages

    @property
    def bytes(self) -> int:
        """How many bytes they came in."""
        return self._bytes

    @property
    def is_full(self) -> bool:
        """Whether there is as much in it as we want to hold; once it is, until the half of that is taken."""
        share = 0.5 if self._is_full else 1.0
        self._is_full = self._messages > self._most_messages * share or self._bytes > self._most_bytes * share
        return self._is_full

    def put(self, heard: Sequence[Heard], size: int) -> None:
        """Add what one read brought."""
        self._add(heard, size, "")

    def put_aside(self, heard: Sequence[Heard], size: int, fault: str) -> None:
        """Add what could not be added as usual, to be kept as dead letters."""
        self._add(heard, size, fault)

    def _add(self, heard: Sequence[Heard], size: int, fault: str) -> None:
        with self._changed:
            self._portions.append(Portion(heard, size, time.monotonic(), fault))
            self._messages += len(heard)
            self._bytes += size
            self._changed.notify()

    def take(self, most: int, seconds: float) -> list[Portion]:
        """All that waits, of portions no more than make up `most`; waits so long for something, and until `wake`."""
        with self._changed:
            if not self._portions:
                self._changed.wait(seconds)
            taken, count = [], 0
            while self._portions and count < most:
                portion = self._portions.popleft()
                taken.append(portion)
                count += len(portion.heard)
                self._bytes -= portion.size
            self._messages -= count
            return taken

    def wake(self) -> None:
        """Let go of who waits."""
        with self._changed:
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget all: the broker will send it again on its next connection."""
        with self._changed:
            self._portions.clear()
            self._messages = self._bytes = 0
