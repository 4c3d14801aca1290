"""What to probe while the database is away: the endpoints that this collector checked last, each at its next slots.

A slot before `covered_until` is the database's business: whoever claimed it checks it. Pure but for a lock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from collector.probing.targets import Definition

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Remembered:
    """An endpoint and its first slot that has not been begun here.

    While its last slot is not stored nobody can claim the next one: a round of claims covers those that were stored
    (`closed_in` the round before it, or earlier), of others `claimed_until` only.
    """

    definition: Definition
    next_slot: datetime
    is_down: bool
    claimed_until: datetime
    closed_in: int | None = None
    is_ahead: bool = False  # the slots before that were begun by memory


class Memory:
    """May be asked from any thread."""

    def __init__(self) -> None:
        self.covered_until = NEVER
        self._round = self._covered_by = 0
        self._endpoints: dict[int, Remembered] = {}
        self._lock = Lock()

    def take(self, definition: Definition, slot: datetime, *, is_down: bool) -> bool:
        """Note that a slot was claimed; False when it has been probed by memory already, and its result is at hand."""
        with self._lock:
            known = self._endpoints.get(definition.endpoint_id)
            if known is not None and known.is_ahead and known.next_slot > slot:
                return False
            next_slot = slot + definition.interval
            self._endpoints[definition.endpoint_id] = Remembered(definition, next_slot, is_down, next_slot)
        return True

    def begin_round(self) -> None:
        """A round of claims begins."""
        with self._lock:
            self._round += 1

    def cover(self, until: datetime) -> None:
        """That round has claimed all slots before `until`, here or elsewhere."""
        with self._lock:
            self.covered_until = max(self.covered_until, until)
            self._covered_by = self._round

    def let_go(self, passed: datetime) -> None:
        """Who had a slot before `passed`, and not here, is somebody else's by now."""
        with self._lock:
            for endpoint_id, known in list(self._endpoints.items()):
                if known.closed_in is not None and known.next_slot < passed:
                    del self._endpoints[endpoint_id]

    def due(self, until: datetime) -> list[tuple[Definition, datetime, bool]]:
        """What is to be probed by memory: slots before `until` that nobody covers. Each is given once."""
        with self._lock:
            if self.covered_until >= until:
                return []
            return [given for known in self._endpoints.values() if (given := self._give(known, until))]

    def note_outcome(self, endpoint_id: int, *, is_down: bool) -> None:
        """How its last check ended: an endpoint that is known to be out needs no retries."""
        with self._lock:
            known = self._endpoints.get(endpoint_id)
            if known is not None:
                known.is_down = is_down

    def close(self, endpoint_id: int) -> None:
        """Its last check is stored: the next slot is anybody's."""
        with self._lock:
            known = self._endpoints.get(endpoint_id)
            if known is not None:
                known.closed_in = self._round

    def forget(self, endpoint_ids: Iterable[int]) -> None:
        """These are gone."""
        with self._lock:
            for endpoint_id in endpoint_ids:
                self._endpoints.pop(endpoint_id, None)

    def _give(self, known: Remembered, until: datetime) -> tuple[Definition, datetime, bool] | None:
        interval = known.definition.interval
        is_covered = known.closed_in is not None and known.closed_in < self._covered_by
        covered_until = self.covered_until if is_covered else known.claimed_until
        if known.next_slot < covered_until:
            known.next_slot -= (known.next_slot - covered_until) // interval * interval
        if known.next_slot >= until:
            return None
        slot = known.next_slot
        known.next_slot = known.claimed_until = slot + interval
        known.is_ahead, known.closed_in = True, None
        return known.definition, slot, known.is_down
