"""A journal written by plain code of the tests' own, and what a database should hold after it was read."""

import fcntl
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from common.journal import FOLDER, WRITERS, segment_name
from common.sketch import bin_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NULL = r"\N"
TABLES = (
    *("request_log", "request_minutes", "journal_hours", "request_dirty_hours"),
    *("journal_segments", "journal_states", "quarantined_lines", "request_erasures"),
)


@dataclass(frozen=True)
class Line:
    """A request as auth would log it."""

    at: datetime
    number: int = 0
    endpoint: str = "/verify"
    method: str = "GET"
    status: int = 200
    duration_us: int = 1500
    request_bytes: int = 0
    response_bytes: int = 20
    is_probe: bool = False
    user_id: str = NULL
    rest: tuple[str, ...] = ("127.0.0.1", "curl/8", "request-1", NULL, NULL)

    @property
    def id(self) -> int:
        return (self.at - EPOCH) // timedelta(microseconds=1) * WRITERS + self.number

    def text(self) -> bytes:
        """The line as it stands in a segment."""
        fields = (
            f"{self.at:%Y-%m-%d %H:%M:%S.%f}+00",
            self.endpoint,
            self.method,
            self.status,
            self.duration_us,
            self.request_bytes,
            self.response_bytes,
            "t" if self.is_probe else "f",
            self.user_id,
            self.id,
            *self.rest,
        )
        return ("\t".join(map(str, fields)) + "\n").encode()


@dataclass
class Writer:
    """Writes segments as auth does: locked while they are open, named after they are locked."""

    data: Path
    _handles: dict[Path, int] = field(default_factory=dict)
    _made: int = 0

    @property
    def folder(self) -> Path:
        return self.data / FOLDER

    def open(self, content: bytes = b"") -> Path:
        """A segment that somebody goes on to write."""
        self.folder.mkdir(exist_ok=True)
        self._made += 1
        path = self.folder / segment_name(self._made, os.getpid())
        handle = os.open(path.with_suffix(".draft"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        path.with_suffix(".draft").rename(path)
        self._handles[path] = handle
        self.append(path, content)
        return path

    def append(self, path: Path, content: bytes) -> None:
        """Write on in an open segment."""
        os.write(self._handles[path], content)

    def close(self, path: Path) -> None:
        """Nobody will write there again."""
        os.close(self._handles.pop(path))

    def closed(self, content: bytes) -> Path:
        """A segment that is whole."""
        path = self.open(content)
        self.close(path)
        return path

    def held(self) -> list[Path]:
        """The segments that are open."""
        return list(self._handles)

    def close_all(self) -> None:
        """Leave no handle behind."""
        for path in self.held():
            self.close(path)


def text_of(lines: Iterable[Line]) -> bytes:
    """Lines one after the other."""
    return b"".join(line.text() for line in lines)


def hour_of(at: datetime) -> datetime:
    """The hour that a moment is in."""
    return at.replace(minute=0, second=0, microsecond=0)


def minutes_of(lines: Iterable[Line]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The minutes that lines come to, by routes and in all: counted one by one."""
    found: dict[tuple[Any, ...], list[Line]] = {}
    for line in lines:
        minute = line.at.replace(second=0, microsecond=0)
        if not line.is_probe:
            found.setdefault((minute, line.endpoint, line.method), []).append(line)
            found.setdefault((minute, "", ""), []).append(line)
    return {key: _counts(of_key) for key, of_key in found.items()}


def _counts(lines: list[Line]) -> tuple[Any, ...]:
    classes = [sum(line.status // 100 == first for line in lines) for first in range(2, 6)]
    bins = Counter(bin_of(line.duration_us / 1000) for line in lines)
    return (
        len(lines),
        *classes,
        sum(line.request_bytes for line in lines),
        sum(line.response_bytes for line in lines),
        sum(line.duration_us for line in lines),
        sorted(bins),
        [bins[place] for place in sorted(bins)],
    )


def hours_of(lines: Iterable[Line]) -> dict[datetime, tuple[int, int]]:
    """Lines, and probes among them, of each hour."""
    found: dict[datetime, tuple[int, int]] = {}
    for line in lines:
        hour = hour_of(line.at)
        before = found.get(hour, (0, 0))
        found[hour] = (before[0] + 1, before[1] + line.is_probe)
    return found


def assert_stored(database: Any, lines: list[Line]) -> None:
    """The database holds these lines, each once, and their minutes and hours, and nothing else."""
    assert stored_ids(database) == sorted(line.id for line in lines)
    minutes = database.rows(
        """SELECT minute, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes,
            response_bytes, duration_us, bins, counts FROM request_minutes"""
    )
    assert {tuple(row[:3]): tuple(row[3:]) for row in minutes} == minutes_of(lines)
    hours = database.rows("SELECT hour, lines, probes FROM journal_hours")
    assert {row[0]: tuple(row[1:]) for row in hours} == hours_of(lines)
    dirty = database.rows("SELECT hour FROM request_dirty_hours")
    assert {hour for (hour,) in dirty} == set(hours_of(lines))


def stored_ids(database: Any) -> list[int]:
    """The ids of all rows, in order."""
    return [number for (number,) in database.rows("SELECT id FROM request_log ORDER BY id")]
