"""Keeps the snapshot of the status page: in a file, for all workers, and in memory.

Whoever finds it older than two seconds makes a new one, one at a time over all processes of the host; others take what
is there meanwhile. A snapshot that cannot be renewed stays, however old. Knows nothing of what it holds.
"""

from collections.abc import Callable
from pathlib import Path
from time import monotonic, time

import structlog

from auth.status.snapshot import NoSnapshot, Snapshot, pack, unpack
from auth.turns import take_turn

FRESH_SECONDS = 2.0
STALE_SECONDS = 15.0  # past this its age is told: renewing fails, or nobody has asked for long
RETRY_SECONDS = 2.0
PATIENCE_SECONDS = 0.3  # for another's new one, when the old one is so old that its age would be told
LONGEST_WAIT_SECONDS = 3.0  # when there is none at all

Make = Callable[[Snapshot | None], Snapshot]
log = structlog.get_logger()


class NothingKept(Exception):
    """There is no snapshot, and somebody else has been busy making one for long."""


class Keeper:
    """The snapshot in `folder`; nothing is touched before the first request, so it may be made before a fork."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "snapshot"
        self._seen: tuple[tuple[int, int, int], Snapshot | None] = ((0, 0, 0), None)
        self._unwritten: Snapshot | None = None
        self._retry_at = 0.0

    def find(self, make: Make) -> Snapshot:
        """The snapshot, made anew when it is due and this caller's turn; raises what `make` does when there is none."""
        kept = self._load()
        if kept is not None and (_is_fresh(kept) or monotonic() < self._retry_at):
            return kept
        patience = _patience(kept)
        with take_turn(self._folder / "lock", patience) as is_mine:
            found = self._load()
            if found is not None and _is_fresh(found):
                return found
            if is_mine:
                return self._renew(found, make)
        if found is None:
            raise NothingKept
        if patience > 0:
            self._retry_at = monotonic() + RETRY_SECONDS  # one waits for a database that hangs, not every thread
        return found

    def _renew(self, kept: Snapshot | None, make: Make) -> Snapshot:
        try:
            found = make(kept)
        except Exception as error:
            if kept is None:
                raise
            # whatever is wrong, an old page that says so is better than none
            self._retry_at = monotonic() + RETRY_SECONDS
            log.warning("status_page_not_renewed", error=type(error).__name__, age_seconds=round(age_of(kept)))
            return kept
        self._write(found)
        return found

    def _write(self, snapshot: Snapshot) -> None:
        """By rename, so that no reader ever sees half of it; a power cut that tears it is seen by its checksum."""
        new = self._folder / "snapshot.new"
        try:
            new.write_bytes(pack(snapshot))
            new.replace(self._path)
            self._unwritten = None
        except OSError as error:
            self._unwritten = snapshot
            log.warning("status_page_not_written", error=str(error))

    def _load(self) -> Snapshot | None:
        """The newest there is, whole, on disk or (when the disk is full) in memory."""
        written = self._read()
        found = [snapshot for snapshot in (written, self._unwritten) if snapshot is not None]
        return max(found, key=lambda snapshot: snapshot.made_at, default=None)

    def _read(self) -> Snapshot | None:
        """What the file holds; it is read only when it is another one than before."""
        try:
            status = self._path.stat()
            mark = (status.st_ino, status.st_mtime_ns, status.st_size)
            if self._seen[0] != mark:
                self._seen = (mark, _unpack(self._path.read_bytes()))
        except OSError:
            return None
        return self._seen[1]


def age_of(snapshot: Snapshot) -> float:
    """Seconds since it was made."""
    return max(0.0, time() - snapshot.made_at)


def _is_fresh(snapshot: Snapshot) -> bool:
    """A clock that went back makes it due as well."""
    return 0 <= time() - snapshot.made_at < FRESH_SECONDS


def _patience(kept: Snapshot | None) -> float:
    if kept is None:
        return LONGEST_WAIT_SECONDS
    return 0.0 if age_of(kept) < STALE_SECONDS else PATIENCE_SECONDS


def _unpack(content: bytes) -> Snapshot | None:
    try:
        return unpack(content)
    except NoSnapshot:
        log.warning("status_page_file_ignored")
        return None
