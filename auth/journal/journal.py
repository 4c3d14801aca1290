"""The journal of a worker: one append a request, into a segment of its own. It never raises what a disk may do.

Nothing is opened before the first line, so it may be made before a fork. Knows nothing of requests.
"""

import os
from pathlib import Path
from threading import Lock
from time import monotonic, time_ns

from auth.journal.losing import Losing
from auth.journal.segment import Segment, measure
from auth.journal.syncing import Syncing
from common.journal import Losses

RETRY_SECONDS = 1.0
MOST_AHEAD = 1_000_000  # microseconds
SEGMENTS_IN_CAP = 16  # those that are open count too, though a reader be close behind: they should never fill it


class OverCap(OSError):
    """The journal takes all the room it may: nobody has read it for long."""


class Journal:
    """Appends lines in `folder`, which may hold `cap` bytes when a segment is opened."""

    def __init__(self, folder: Path, cap: int) -> None:
        self._folder, self._cap = folder, cap
        self._last_moment = 0
        self._begin()
        os.register_at_fork(after_in_child=self._begin_in_child)

    def _begin(self) -> None:
        self._lock = Lock()
        self._segment: Segment | None = None
        self._syncing = Syncing()
        self._losing = Losing(self._folder)
        self._reason, self._is_over_cap, self._retry_at = "", False, 0.0

    def _begin_in_child(self) -> None:
        self._syncing.forget()
        self._losing.close()
        self._begin()

    def take_moment(self) -> int:
        """The time in microseconds, as no other line of this process has it.

        A clock that is set back by more than a second is followed, though moments may then come again: the journal
        should not live in the future.
        """
        with self._lock:
            now = time_ns() // 1000
            if now <= self._last_moment < now + MOST_AHEAD:
                now = self._last_moment + 1
            self._last_moment = now
            return now

    def append(self, line: bytes) -> None:
        """Write `line`, or count it as lost."""
        with self._lock:
            now = monotonic()
            if now < self._retry_at:
                self._losing.add(self._reason, is_cap=self._is_over_cap)
                return
            try:
                self._segment_for(len(line), now).append(line)
            except OSError as fault:
                self._pause(fault, now)
                return
            if self._losing.is_going_on:
                self._losing.end()
        self._syncing.wake()

    def lose(self, reason: str) -> None:
        """Count a line that could not even be made."""
        with self._lock:
            self._losing.add(reason, is_cap=False)

    def losses(self) -> Losses:
        """The lines that were lost since the journal began."""
        return self._losing.total()

    def _segment_for(self, length: int, now: float) -> Segment:
        if self._segment is not None and self._segment.has_room(length, now):
            return self._segment
        self._finish()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._losing.prepare()
        if measure(self._folder) >= self._cap:
            raise OverCap("the journal is as large as it may be")
        self._segment = Segment(self._folder, self._cap // SEGMENTS_IN_CAP)
        self._syncing.watch(self._segment)
        return self._segment

    def _finish(self) -> None:
        if self._segment is not None:
            self._syncing.finish(self._segment)
            if missing := self._segment.missing:
                self._losing.add("its segment was taken away", is_cap=False, lines=missing)
            self._segment = None

    def _pause(self, fault: OSError, now: float) -> None:
        """Lose this line, and those of the next second: a disk that is full should not be asked for each."""
        self._finish()
        self._reason, self._is_over_cap, self._retry_at = str(fault), isinstance(fault, OverCap), now + RETRY_SECONDS
        self._losing.add(self._reason, is_cap=self._is_over_cap)
