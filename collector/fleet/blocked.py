"""What locks say of whom somebody else holds a row: it waits in its order, so that not the whole fleet has to.

None of it is acknowledged. When the session ends it is forgotten, and comes again; and a broker sends only so much that
is not acknowledged, which bounds it.
"""

import time
from collections.abc import Collection, Sequence
from uuid import UUID

from collector.fleet.batch import Said
from collector.fleet.words import Letter
from sql import statements
from sql.device_log import Run

LOOK_SECONDS = 0.5

sql = statements.load("fleet_ingest")


class Blocked:
    """By lock, for the writer's thread."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, list[Said]] = {}
        self._looked_at = 0.0

    def __len__(self) -> int:
        """Of how many locks something waits."""
        return len(self._waiting)

    def forget(self) -> None:
        """A new session: the broker sends it again."""
        self._waiting.clear()

    def mids(self) -> set[bytes]:
        """What is not to be acknowledged yet."""
        return {one.heard.mid for waiting in self._waiting.values() for one in waiting}

    def add_held(self, run: Run, said: Sequence[Said]) -> bool:
        """Look of which of these locks somebody holds a row; whether it is news of any. Raises the driver's errors."""
        found = _find_held(run, {device for one in said if (device := _device_of(one)) is not None})
        fresh = found - self._waiting.keys()
        self._waiting.update((device, []) for device in fresh)
        self._looked_at = time.monotonic()
        return bool(fresh)

    def spare(self, said: Sequence[Said]) -> Sequence[Said]:
        """What can be stored now."""
        return [one for one in said if _device_of(one) not in self._waiting] if self._waiting else said

    def keep(self, said: Sequence[Said]) -> None:
        """Let the rest wait, behind what waits already."""
        for one in said if self._waiting else ():
            device = _device_of(one)
            if device in self._waiting:
                self._waiting[device].append(one)

    @property
    def is_due(self) -> bool:
        """Whether it is time to look again."""
        return bool(self._waiting) and time.monotonic() - self._looked_at >= LOOK_SECONDS

    def take_freed(self, run: Run) -> list[Said]:
        """All that waits of locks whose rows nobody holds any more. Raises the driver's errors."""
        self._looked_at = time.monotonic()
        held = _find_held(run, self._waiting)
        return [one for device in self._waiting.keys() - held for one in self._waiting.pop(device)]


def _find_held(run: Run, devices: Collection[UUID]) -> set[UUID]:
    return {UUID(device) for (device,) in run(sql.find_held_devices, device_ids=list(devices))}


def _device_of(one: Said) -> UUID | None:
    """Whose rows it needs; None for a letter that is nobody's."""
    if isinstance(one, Letter):
        return one.place[0].id if one.place else None
    return one.device.id
