"""Tells locks up to where their messages are stored (`ingest/ack`), so that they may forget them.

At most once a second each: a lock that says much is told the last of it. Nothing is lost when nobody is told, since a
lock sends again what it was not told of, and is told then.
"""

from collections.abc import Iterator, Mapping
from uuid import UUID

from collector.fleet.link import Link
from collector.fleet.seen_memory import SeenMemory
from collector.fleet.words import Device
from common.lock_protocol.envelope import write_ingest_ack
from common.lock_protocol.topics import INGEST_ACK, topic_of

PAUSE_SECONDS = 1.0
FORGET_SECONDS = 60.0

Told = tuple[str, bytes]  # topic and payload


class Telling:
    """Who is to be told, and when each was last. For the writer's thread."""

    def __init__(self, link: Link, memory: SeenMemory) -> None:
        self._link = link
        self._memory = memory
        self._waiting: dict[UUID, tuple[Device, set[int]]] = {}
        self._told_at: dict[UUID, float] = {}
        self._swept_at = 0.0

    def forget(self) -> None:
        """A new lease or connection: locks speak again."""
        self._waiting.clear()
        self._told_at.clear()

    def add(self, touched: Mapping[Device, set[int]]) -> None:
        """Messages of these boots are stored, now or long since."""
        for device, boots in touched.items():
            _, waiting = self._waiting.setdefault(device.id, (device, set()))
            waiting |= boots

    def tell(self, now: float) -> None:
        """Tell all whose turn it is."""
        due = [key for key in self._waiting if now - self._told_at.get(key, -PAUSE_SECONDS) >= PAUSE_SECONDS]
        if due:
            self._link.publish_all([told for key in due for told in self._words_to(key)])
            self._told_at.update(dict.fromkeys(due, now))
        if now - self._swept_at >= FORGET_SECONDS:
            self._swept_at = now
            self._told_at = {key: at for key, at in self._told_at.items() if now - at < PAUSE_SECONDS}

    def _words_to(self, key: UUID) -> Iterator[Told]:
        device, boots = self._waiting.pop(key)
        for boot, seq in self._memory.tellable(device.id, boots):
            yield topic_of(device.device_id, INGEST_ACK), write_ingest_ack(boot, seq)
