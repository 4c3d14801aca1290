"""Passwords to hashes and back, in a lane so narrow that a flood of sign-ins leaves the other routes their processor.

One hash runs at a time for every two cores, over all workers: a slot is a file under flock, so a killed worker frees
its own. In each worker only a quarter of the threads may wait for a slot; who comes then is asked to come later.
"""

import fcntl
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from auth.http.problems import overloaded

Result = TypeVar("Result")

LOWER_PRIORITY = 3  # more, and a thread that holds the interpreter's lock is kept waiting with it by other processes
LOOK_SECONDS = 0.004
LONGEST_WAIT_SECONDS = 5.0
BUSY = "Too many sign-ins at this moment; try again shortly"


def default_hasher() -> PasswordHasher:
    """argon2id with the parameters of OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane."""
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Lane:
    """At most `slots` at once over all processes that share `folder`, and `waiters` threads of this one waiting.

    What runs in it runs in threads of a low priority: when the processor is short, the other routes come first.
    """

    def __init__(self, folder: Path, *, slots: int, waiters: int, busy: str = BUSY) -> None:
        self._busy = busy
        folder.mkdir(parents=True, exist_ok=True)
        self._files = [folder / f"hash-{number}.lock" for number in range(slots)]
        self._room = threading.BoundedSemaphore(waiters)
        self._threads = ThreadPoolExecutor(slots, "hash", initializer=_lower_priority)  # they start on first use

    def demand_room(self) -> None:
        """Raises Problem 503 when nobody could enter now: before anything was done that would be in vain."""
        if not self._room.acquire(blocking=False):
            raise overloaded(self._busy)
        self._room.release()

    def run(self, work: Callable[[], Result]) -> Result:
        """What `work` gives, done in a slot. Raises Problem 503 when too many wait already, or the wait is too long."""
        if not self._room.acquire(blocking=False):
            raise overloaded(self._busy)
        deadline = monotonic() + LONGEST_WAIT_SECONDS
        try:
            handle = self._take_slot(deadline)
            try:
                # Only the hash itself: what runs there holds the interpreter's lock at a low priority, and may then be
                # kept waiting with it by any other process.
                return self._threads.submit(work).result()
            finally:
                os.close(handle)
        finally:
            self._room.release()

    def _take_slot(self, deadline: float) -> int:
        while monotonic() < deadline:
            for path in self._files:
                if (handle := _try_lock(path)) is not None:
                    return handle
            sleep(LOOK_SECONDS)
        raise overloaded(self._busy)


def _lower_priority() -> None:
    """From where the process is: to be raised from a niceness that somebody gave it would need rights."""
    thread = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + LOWER_PRIORITY)


def _try_lock(path: Path) -> int | None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


class Passwords:
    """Hashes and verifies passwords in a lane."""

    def __init__(self, hasher: PasswordHasher, lane: Lane) -> None:
        self._hasher = hasher
        self._lane = lane
        self._decoy = hasher.hash("nobody's password")
        self.demand_room = lane.demand_room

    def hash(self, password: str) -> str:
        """A new hash, with its parameters and salt in it."""
        return self._lane.run(lambda: self._hasher.hash(password))

    def verify(self, password: str, kept: str | None) -> bool:
        """Whether `password` is the one behind the hash `kept`; without one it takes as long, and is not."""
        try:
            self._lane.run(lambda: self._hasher.verify(kept or self._decoy, password))
        except (VerifyMismatchError, InvalidHashError):
            return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)
