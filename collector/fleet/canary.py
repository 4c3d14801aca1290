"""A message of our own that goes the way of all: published, heard, committed. Its return proves that we hear."""

import time
from secrets import token_bytes

from collector.fleet.link import Link
from common.lock_protocol.topics import CANARY, COLLECTOR, topic_of

EVERY_SECONDS = 5.0
OVERDUE_SECONDS = 15.0
TOPIC = topic_of(COLLECTOR, CANARY)
TOKEN_BYTES = 8


class Canary:
    """One connection's canaries. For the writer's thread."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._flying: dict[bytes, float] = {}
        self._token = token_bytes(TOKEN_BYTES).hex().encode()  # those of another connection prove nothing of this one
        self._number = 0
        self._sent_at = -EVERY_SECONDS
        self._began_at = self._returned_at = time.monotonic()

    @property
    def is_overdue(self) -> bool:
        """Whether none has come back for too long."""
        return time.monotonic() - self._returned_at > OVERDUE_SECONDS

    def fly(self, now: float) -> None:
        """Send the next one when it is time."""
        if now - self._sent_at >= EVERY_SECONDS:
            self._number += 1
            token = b"%s %d" % (self._token, self._number)
            self._sent_at = self._flying[token] = now
            self._link.publish(TOPIC, token)

    def note_return(self, token: bytes) -> float | None:
        """Seconds since it was sent, when it is one of ours; those sent before it are not waited for any more."""
        sent_at = self._flying.pop(token, None)
        if sent_at is None:
            return None
        self._flying = {other: at for other, at in self._flying.items() if at > sent_at}
        self._returned_at = time.monotonic()
        return self._returned_at - sent_at
