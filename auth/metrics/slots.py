"""Metrics' files by worker slot instead of process id: a killed worker's successor carries its counts on.

By process id each killed worker leaves its files behind for ever, and every scrape reads them all. A slot is a lock
file under flock, so that the slot of a killed worker is free at once.
"""

import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path

import prometheus_client.values
from prometheus_client.values import MultiProcessValue

MASTER = "main"
NAME = "name"
MOST_WORKERS = 256


class WorkerSlot:
    """The name under which this process keeps its counts: `main` before the first fork, then a number."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = MASTER
        self._is_forked = False
        os.register_at_fork(after_in_child=self._forget)

    def __call__(self) -> str:
        """The slot's name; taken lazily, on the first count after a fork."""
        if self._is_forked:
            self._name, self._is_forked = self._take(), False
        return self._name

    def _forget(self) -> None:
        self._is_forked = True

    def _take(self) -> str:
        for number in range(MOST_WORKERS):
            handle = os.open(self._folder / f"slot-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            return str(number)  # the handle stays open, and with it the lock, as long as the process lives
        raise RuntimeError("more workers than metric slots")


def keep_counts_in(folder: Path) -> None:
    """Make every metric created from now on keep its values in `folder`, for all workers together."""
    folder.mkdir(parents=True, exist_ok=True)
    name_counts(folder)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    prometheus_client.values.ValueClass = MultiProcessValue(WorkerSlot(folder))


def name_counts(folder: Path) -> None:
    """Give the counts in `folder` a name that lasts as long as they do, so that a reader knows them again."""
    name = secrets.token_hex(8)
    draft = folder / f"{NAME}-{name}"
    draft.write_text(name, encoding="ascii")
    with suppress(FileExistsError):  # they had one; of two starts at once, one gives it
        (folder / NAME).hardlink_to(draft)
    draft.unlink()
