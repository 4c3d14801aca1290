"""One segment of the journal, while it is written. It raises OSError; what that means is its caller's to judge."""

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from time import monotonic, time, time_ns

from common.journal import segment_name

SEGMENT_BYTES = 16 * 1024 * 1024
SEGMENT_SECONDS = 300.0
DRAFT = "draft-"
DRAFT_SECONDS = 60.0  # a draft is renamed within microseconds, unless its writer was killed


class Segment:
    """A file that only this process writes, locked until it is closed, or the process ends."""

    def __init__(self, folder: Path, most: int) -> None:
        """Holds `most` bytes at most. Its name is given after it is locked, so that no reader finds it free."""
        microseconds, pid = time_ns() // 1000, os.getpid()
        draft = folder / f"{DRAFT}{pid}-{os.urandom(6).hex()}"
        self.path = folder / segment_name(microseconds, pid)
        self.handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.size = 0
        self.is_gone = False
        self._most = most
        self._lines = self._safe_lines = 0
        self.is_done = False
        self._synced = 0
        self._due = monotonic() + SEGMENT_SECONDS
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.rename(self.path)
        except OSError:
            os.close(self.handle)
            with suppress(OSError):
                draft.unlink()
            raise

    def has_room(self, length: int, now: float) -> bool:
        """Whether a line of `length` bytes still belongs here."""
        return (
            not self.is_gone
            and now < self._due
            and (self.size == 0 or self.size + length <= min(SEGMENT_BYTES, self._most))
        )

    def append(self, line: bytes) -> None:
        """Write `line` by one call, or raise OSError and leave nothing of it."""
        try:
            if os.write(self.handle, line) < len(line):
                raise OSError(errno.ENOSPC, "only a part of a line could be written")
        except OSError:
            with suppress(OSError):
                os.ftruncate(self.handle, self.size)
            if self.size == 0:
                with suppress(OSError):
                    self.path.unlink()
            raise
        self.size += len(line)
        self._lines += 1

    @property
    def missing(self) -> int:
        """How many lines went into a file that somebody took away; none while it is there."""
        return self._lines - self._safe_lines if self.is_gone else 0

    def sync(self) -> None:
        """Bring what was appended to the disk, and the first time the segment's name as well.

        Only readers may take a segment away, and none does before it is closed; who does it by hand is found here.
        """
        size, lines = self.size, self._lines
        if size == self._synced:
            return
        self.is_gone = os.fstat(self.handle).st_nlink == 0
        if not self.is_gone:
            self._safe_lines = lines
        os.fdatasync(self.handle)
        if self._synced == 0:
            sync_folder(self.path.parent)
        self._synced = size

    def close(self) -> None:
        """Give it to the readers."""
        with suppress(OSError):
            os.close(self.handle)


def sync_folder(folder: Path) -> None:
    """Bring the names in `folder` to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def measure(folder: Path) -> int:
    """The bytes of all that lies in a journal's folder; drafts of writers that were killed are taken away."""
    size = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # a reader takes away what it has read
                status = entry.stat(follow_symlinks=False)
                size += status.st_size
                if entry.name.startswith(DRAFT) and status.st_mtime < time() - DRAFT_SECONDS:
                    Path(entry.path).unlink()
    return size
