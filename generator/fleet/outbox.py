"""What a lock has told and must keep until the house says that it is stored. Pure; it sends and writes nothing.

A message goes three steps: fresh, then kept (somebody wrote it down), then sent. Only what is kept may be sent: else a
lock that loses power could use a number twice.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from common.lock_protocol import topics
from common.lock_protocol.topics import FromLock

WINDOW = 100  # sent and not yet stored, at most: a house that is away is not flooded
MOST_KEPT = 20_000  # a lock's memory is small: over it the oldest are forgotten

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Message:
    """One message by its place (boot, seq); `kind` is its topic's end."""

    boot: int
    seq: int
    kind: FromLock
    payload: bytes

    @property
    def key(self) -> Key:
        """Its name for ever."""
        return self.boot, self.seq


class Outbox:
    """Messages in the order of (boot, seq), the oldest first. `forgotten` counts those it had no room for."""

    def __init__(self, kept: Iterable[Message] = (), limit: int = MOST_KEPT) -> None:
        self._kept = {message.key: message for message in kept}
        self._fresh: list[Message] = []
        self._waiting: deque[Key] = deque(self._kept)
        self._sent: dict[Key, None] = {}
        self._limit = limit
        self._trimmed: dict[int, int] = {}
        self.forgotten = 0

    def __len__(self) -> int:
        return len(self._kept) + len(self._fresh)

    def __iter__(self) -> Iterator[Message]:
        """Those that are written down, oldest first."""
        return iter(self._kept.values())

    def add(self, message: Message) -> None:
        """A new message, which nobody has written down yet."""
        self._fresh.append(message)

    def take_fresh(self) -> list[Message]:
        """Messages to write down; they are given out once, and sent only after `release`."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def take_trimmed(self) -> list[Key]:
        """Of which boots all up to which message may be struck out where they were written down; given out once."""
        trimmed, self._trimmed = self._trimmed, {}
        return list(trimmed.items())

    def release(self, written: Iterable[Message]) -> None:
        """These are written down: they may be sent."""
        for message in written:
            self._kept[message.key] = message
            self._waiting.append(message.key)
        while len(self._kept) > self._limit:
            self._forget_oldest()

    def due(self, window: int = WINDOW) -> list[Message]:
        """What is to be sent now, in order; from then on it counts as sent.

        Answers to commands do not wait for the window: somebody stands before the door.
        """
        due, passed = [], deque[Key]()
        while self._waiting:
            message = self._kept.get(self._waiting.popleft())
            if message is None or message.key in self._sent:
                continue
            if len(self._sent) < window or message.kind == topics.COMMANDS_ACK:
                self._sent[message.key] = None
                due.append(message)
            else:
                passed.append(message.key)
        self._waiting = passed
        return due

    def restart(self) -> None:
        """A new connection, or nothing heard for long: all that is not stored is to be sent again."""
        self._sent.clear()
        self._waiting = deque(self._kept)

    def acknowledge(self, upto: Key) -> bool:
        """All of this boot up to `upto` is stored. Whether anything was left to strike out.

        It is no word on older boots: their last messages may be on their way still, and nobody there knows of them.
        """
        stored = []
        for key in self._kept:  # in order, so nothing of the boot comes after a newer one
            if key > upto:
                break
            if key[0] == upto[0]:
                stored.append(key)
        for key in stored:
            self._drop(key)
        return bool(stored)

    def resend(self, boot: int, first: int, last: int) -> bool:
        """Send these again. Whether all of them were still there."""
        asked = [key for key in self._kept if key[0] == boot and first <= key[1] <= last]
        again = [key for key in asked if self._sent.pop(key, self) is None]
        self._waiting.extendleft(reversed(again))
        return len(asked) == last - first + 1

    def _forget_oldest(self) -> None:
        self._drop(next(iter(self._kept)))
        self.forgotten += 1

    def _drop(self, key: Key) -> None:
        del self._kept[key]
        self._sent.pop(key, None)
        self._trimmed[key[0]] = max(key[1], self._trimmed.get(key[0], 0))
