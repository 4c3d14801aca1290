"""One at a time over all processes of a host: whose turn it is to make what many want, by the lock on a file."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

LOOK_SECONDS = 0.01


@contextmanager
def take_turn(path: Path, wait_seconds: float) -> Iterator[bool]:
    """Whether this caller has the turn; waits for it so long. Who is killed gives it up."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield True  # a full or read-only disk: each process makes its own
        return
    try:
        yield _lock(handle, monotonic() + wait_seconds)
    finally:
        os.close(handle)


def _lock(handle: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() >= deadline:
                return False
            sleep(LOOK_SECONDS)
        else:
            return True
