"""Segments as files: which are closed, what of them is not stored, and taking away what is. Knows no database."""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from collector.ingest.batch import WINDOW, Piece

CUT_SHORT = "the segment ends within a line"
ENDLESS = "no line is as long"
TIME_LETTERS = 29  # of `at`, the first column, with its zone


@dataclass(frozen=True)
class Found:
    """What segments hold beyond their positions: at most a window of it, and which of them are at their end for ever.

    `is_all` says that nothing more was there that could be stored.
    """

    pieces: list[Piece] = field(default_factory=list)
    finished: list[Path] = field(default_factory=list)
    is_all: bool = True


@dataclass(frozen=True)
class Backlog:
    """What is not stored: its bytes, and the time of its oldest line in seconds since 1970."""

    size: int
    oldest: float | None


def read_on(paths: Iterable[Path], positions: Mapping[str, int]) -> Found:
    """The next window of the segments, oldest first."""
    pieces: list[Piece] = []
    finished: list[Path] = []
    room = WINDOW
    for path in paths:
        position = positions.get(path.name, 0)
        with _opened(path) as handle:
            if handle is None:
                continue
            is_closed = _is_closed(handle)  # asked before its size, since nothing is added afterwards
            size = os.fstat(handle).st_size
            content = os.pread(handle, min(room, size - position), position) if position < size else b""
        is_whole = is_closed and position + len(content) >= size
        read = list(_parts(path.name, position, content, is_whole=is_whole))
        pieces += read
        room -= sum(len(piece.content) for piece in read)
        reached = read[-1].end if read else position
        if is_closed and reached >= size:
            finished.append(path)
        elif position + len(content) < size:  # the window is full
            return Found(pieces, finished, is_all=False)
    return Found(pieces, finished)


def _parts(segment: str, position: int, content: bytes, *, is_whole: bool) -> Iterator[Piece]:
    """Whole lines; then the rest, where no writer will ever end it, or where it fills a window."""
    end = content.rfind(b"\n") + 1
    if end:
        yield Piece(segment, position, content[:end])
    if is_whole and end < len(content):
        yield Piece(segment, position + end, content[end:], CUT_SHORT)
    elif not end and len(content) == WINDOW:
        yield Piece(segment, position, content, ENDLESS)


def backlog_of(paths: Iterable[Path], positions: Mapping[str, int]) -> Backlog:
    """How much waits beyond the positions, and since when."""
    size, oldest = 0, None
    for path in paths:
        position = positions.get(path.name, 0)
        with suppress(FileNotFoundError):
            status = path.stat()
            if status.st_size > position:
                size += status.st_size - position
                began = _time_of_line(path, position) or status.st_mtime
                oldest = began if oldest is None else min(oldest, began)
    return Backlog(size, oldest)


def remove(paths: Iterable[Path]) -> None:
    """Take away segments that are stored and finished."""
    for path in paths:
        path.unlink(missing_ok=True)


def _time_of_line(path: Path, position: int) -> float | None:
    with path.open("rb") as file:
        head = os.pread(file.fileno(), TIME_LETTERS, position)
    try:
        return datetime.fromisoformat(head.decode()).timestamp()
    except ValueError:
        return None


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    """A handle to read by; None where the file has gone: its writer takes it away when nothing could be written."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)


def _is_closed(handle: int) -> bool:
    """Whether nobody will write there again: its writer holds a lock as long as it may."""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
