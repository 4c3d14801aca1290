"""What a collector remembers of its host's journal between two looks. Knows no database and no segment's content."""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from threading import Lock

from common.journal import READER_LOCK, Losses


@dataclass
class JournalMemory:
    """`positions` are those of the database, as far as they are `sure`; else they only serve to tell how much waits."""

    positions: dict[str, int] = field(default_factory=dict)
    is_sure: bool = False
    is_told_of_another: bool = False
    told_at: float = -inf
    losses: Losses = field(default_factory=Losses)
    busy: Lock = field(default_factory=Lock)  # a run at the stop may meet one that has not ended
    _reader_lock: int | None = None

    def hold(self, folder: Path) -> bool:
        """Be the folder's only reader until this process ends, or False: somebody else is."""
        if self._reader_lock is None:
            handle = os.open(folder / READER_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            self._reader_lock = handle
        return True

    def release(self) -> None:
        """Let another reader have the folder."""
        if self._reader_lock is not None:
            with suppress(OSError):
                os.close(self._reader_lock)
            self._reader_lock = None
