"""Brings segments to the disk in a thread of its own: a power cut costs the last 200 ms, and no request waits."""

from contextlib import suppress
from threading import Event, Thread
from time import sleep

from auth.journal.segment import Segment

SYNC_SECONDS = 0.2


class Syncing:
    """The segments of a process that are not closed yet. Made after a fork, since threads do not live through one."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._wake = Event()
        self._is_running = False

    def watch(self, segment: Segment) -> None:
        """Look after a new segment."""
        self._segments.append(segment)
        if not self._is_running:
            with suppress(RuntimeError):  # no more threads: the kernel brings it to the disk in its own time
                Thread(target=self._run, name="journal", daemon=True).start()
                self._is_running = True

    def wake(self) -> None:
        """Something was appended."""
        if not self._wake.is_set():
            self._wake.set()

    def finish(self, segment: Segment) -> None:
        """Close a segment once it is on the disk; only the thread that syncs closes, so it never syncs a stranger."""
        segment.is_done = True
        if self._is_running:
            self.wake()
        else:
            self._close(segment)

    def forget(self) -> None:
        """In a forked child: let go of what belongs to the parent, whose lock it would keep alive."""
        for segment in self._segments:
            segment.close()

    def _run(self) -> None:
        while self._wake.wait():
            sleep(SYNC_SECONDS)
            self._wake.clear()
            for segment in tuple(self._segments):
                self._sync(segment)

    def _sync(self, segment: Segment) -> None:
        is_done = segment.is_done
        with suppress(OSError):
            segment.sync()
        if is_done:
            self._close(segment)

    def _close(self, segment: Segment) -> None:
        self._segments.remove(segment)
        segment.close()
