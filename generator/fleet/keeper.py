"""Writes down what changes in locks, for many of them at once, and tells each when it is done.

A thread of its own waits for the disk. It must not know what a lock sends.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from generator.fleet.lock import Change, Lock
from generator.fleet.memory import Memory

GROUP_SECONDS = 0.003
PAUSE_SECONDS = 1.0

Then = Callable[[], None]


class Keeper:
    """The one writer of a memory. `run` it in a task; `note` whatever changed."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._noted: dict[str, tuple[Lock, list[Then]]] = {}
        self._wanted = asyncio.Event()
        self._writing = ThreadPoolExecutor(1, "fleet-memory")
        self._gate = asyncio.Lock()

    def note(self, lock: Lock, then: Then | None = None) -> None:
        """This lock changed; `then` is called once that is written down."""
        _, after = self._noted.setdefault(lock.device_id, (lock, []))
        if then and then not in after:
            after.append(then)
        self._wanted.set()

    async def keep(self, lock: Lock) -> None:
        """The same, and wait for it."""
        done = asyncio.Event()
        self.note(lock, done.set)
        await done.wait()

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await self._wanted.wait()
            await asyncio.sleep(GROUP_SECONDS)  # others may have something, too
            await self.flush()

    async def flush(self) -> None:
        """Write down all that was noted."""
        async with self._gate:
            noted, self._noted = self._noted, {}
            self._wanted.clear()
            changes = [lock.take_change() for lock, _ in noted.values()]
            await self._write(changes)
            for (lock, _), change in zip(noted.values(), changes, strict=True):
                lock.outbox.release(change.messages)
            for _, after in noted.values():
                for then in after:
                    then()

    async def _write(self, changes: list[Change]) -> None:
        """Until it is done: a full disk holds the fleet up, and loses nothing."""
        loop = asyncio.get_running_loop()
        while changes:
            try:
                await loop.run_in_executor(self._writing, self._memory.write, changes)
            except sqlite3.OperationalError:
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return
