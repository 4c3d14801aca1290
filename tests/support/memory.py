"""Folders in memory for databases of tests: their thousands of small files cost a disk most of the run's time.

A killed process leaves its files as they were, on a disk or in memory; only a fall of the machine tells the two apart,
and no test makes one.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")  # the one folder that is memory on every Linux; ours in it are 0700
PREFIX = "watchhouse-tests-"
ROOM_BYTES = 4 << 30  # for all workers' clusters and their logs; many a container has 64 MB


@contextmanager
def quick_folder(otherwise: Path) -> Iterator[Path]:
    """An empty folder in memory until the end of the block; `otherwise`, where memory has no room."""
    if not has_room():
        yield otherwise
        return
    sweep()
    made = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=MEMORY))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def has_room() -> bool:
    """Whether there is such a folder, with enough memory behind it."""
    return os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM_BYTES


def sweep() -> None:
    """Take away what runs left that were killed."""
    for left in MEMORY.glob(f"{PREFIX}*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            shutil.rmtree(left, ignore_errors=True)
