"""The journal's form: where segments stand, what a line holds. Auth writes it, the collector of its host reads it.

A line is a request in the text form of PostgreSQL's COPY (its manual, "COPY", file formats: fields parted by tabs,
`\\N` for null, backslashes before what would part them), with the columns below. Whoever changes them changes VERSION,
so that segments of both forms can lie side by side while a host is upgraded.

A segment is open while its writer holds flock on it. It gets its name, by a rename, after it is locked: so a reader
that finds a name and gets the lock knows that nobody will write there again.
"""

import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path

FOLDER = "journal"
VERSION = "v1"
SUFFIX = ".log"
READER_LOCK = "reader.lock"
COLUMNS = (
    "at",
    "endpoint",
    "method",
    "status",
    "duration_us",
    "request_bytes",
    "response_bytes",
    "is_probe",
    "user_id",
    "id",
    "ip_address",
    "user_agent",
    "request_id",
    "problem_title",
    "problem_detail",
)
NULL = "\\N"
LONGEST_LINE = 16_384
LARGEST_AMOUNT = 2**40 - 1  # of bytes, or microseconds, of a request: sums of an hour stay within a bigint
# `id` is the microseconds of `at` since 1970, times this, plus a number of its writer's own.
WRITERS = 1024

LOSSES = "losses"
_LOSSES_FORM = struct.Struct("<QQ")


def segment_name(microseconds: int, pid: int) -> str:
    """A name that no other segment has, ever: in the order of time, and random where two would be the same."""
    return f"{VERSION}-{microseconds:016d}-{pid}-{os.urandom(6).hex()}{SUFFIX}"


def segments_of(folder: Path) -> list[Path]:
    """The segments in a journal's folder that have a name, oldest first; none where there is no folder."""
    return sorted(folder.glob(f"{VERSION}-*{SUFFIX}"))


@dataclass(frozen=True)
class Losses:
    """Lines that could not be written since the journal began: by an error of the disk, and over the cap."""

    to_errors: int = 0
    to_cap: int = 0


def read_losses(folder: Path) -> Losses:
    """The losses of a journal; none where nothing counts them."""
    try:
        return Losses(*_LOSSES_FORM.unpack((folder / LOSSES).read_bytes()))
    except (OSError, struct.error):
        return Losses()


class LossCount:
    """Counts losses of all workers in a file whose room is taken when it is made: a full disk does not stop it.

    Each process opens its own, after it was forked: the lock is the open file's.
    """

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder / LOSSES, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self.add()
        except OSError:
            os.close(self._handle)
            raise

    def add(self, *, to_errors: int = 0, to_cap: int = 0) -> None:
        """Count lines that are lost; the lock goes with a process that is killed. Raises OSError."""
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        try:
            kept = os.pread(self._handle, _LOSSES_FORM.size, 0)
            errors, cap = _LOSSES_FORM.unpack(kept.ljust(_LOSSES_FORM.size, b"\0"))
            os.pwrite(self._handle, _LOSSES_FORM.pack(errors + to_errors, cap + to_cap), 0)
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def is_gone(self) -> bool:
        """Whether somebody took the file away."""
        return os.fstat(self._handle).st_nlink == 0

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)
