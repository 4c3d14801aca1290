"""libcurl's multi handle driven by epoll: waits for all transfers at once, at a cost that those at rest do not raise.

`act_soon` is the only part of it for other threads: what it is given is done in the thread that turns.
"""

import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterator

import pycurl

MOST_EVENTS = 256

READ, WRITE, HUNG_UP, BROKEN = select.EPOLLIN, select.EPOLLOUT, select.EPOLLHUP, select.EPOLLERR
WANTED = {pycurl.POLL_IN: READ, pycurl.POLL_OUT: WRITE, pycurl.POLL_INOUT: READ | WRITE}


class Transfers:
    """The transfers under way."""

    def __init__(self) -> None:
        self._inbox: deque[Callable[[], None]] = deque()
        self._is_awake = False
        self._timer: float | None = None
        self._watched: set[int] = set()
        self._poll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll.register(self._wake, READ)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)

    def add(self, curl: pycurl.Curl) -> None:
        """Begin a transfer."""
        self._multi.add_handle(curl)

    def remove(self, curl: pycurl.Curl) -> None:
        """Forget a transfer, wherever it stands; its connection is closed."""
        self._multi.remove_handle(curl)

    def act_soon(self, act: Callable[[], None]) -> None:
        """Have `act` done in the next turn, which comes at once."""
        self._inbox.append(act)
        if not self._is_awake:
            self._is_awake = True
            os.eventfd_write(self._wake, 1)

    def turn(self, until: float) -> None:
        """Wait for something to happen, at the longest until then, and let libcurl and those who asked act on it."""
        for descriptor, events in self._poll.poll(self._seconds(until), MOST_EVENTS):
            if descriptor == self._wake:
                os.eventfd_read(self._wake)
                self._is_awake = False  # before the inbox is emptied: whatever comes later wakes again
            else:
                self._multi.socket_action(descriptor, _actions(events))
        while self._inbox:
            self._inbox.popleft()()
        self.keep_time()

    def keep_time(self) -> None:
        """Let libcurl do what is due: begin what was added, end what took too long."""
        if self._timer is not None and self._timer <= time.monotonic():
            self._timer = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def ended(self) -> Iterator[tuple[pycurl.Curl, int, str]]:
        """The transfers that have ended, with libcurl's number (0 for good) and message."""
        more = 1
        while more:
            more, good, bad = self._multi.info_read()
            yield from ((curl, 0, "") for curl in good)
            yield from bad

    def close(self) -> None:
        """Give everything back; all transfers are removed before."""
        self._multi.close()
        self._poll.close()
        os.close(self._wake)

    def _seconds(self, until: float) -> float:
        if self._inbox:
            return 0.0
        end = until if self._timer is None else min(until, self._timer)
        return max(0.0, end - time.monotonic())

    def _watch(self, what: int, descriptor: int, _multi: object, _data: object) -> None:
        """libcurl says what it waits for, and that it waits no more before it closes a socket."""
        if what == pycurl.POLL_REMOVE:
            if descriptor in self._watched:
                self._watched.discard(descriptor)
                self._poll.unregister(descriptor)
        elif descriptor in self._watched:
            self._poll.modify(descriptor, WANTED.get(what, 0))
        else:
            self._watched.add(descriptor)
            self._poll.register(descriptor, WANTED.get(what, 0))

    def _set_timer(self, timeout_ms: int) -> None:
        self._timer = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000


def _actions(events: int) -> int:
    """Epoll's words in libcurl's."""
    actions = pycurl.CSELECT_IN if events & (READ | HUNG_UP) else 0
    actions |= pycurl.CSELECT_OUT if events & WRITE else 0
    return int(actions | (pycurl.CSELECT_ERR if events & BROKEN else 0))
