"""Finds the addresses of names, in threads of its own, so that a name server that hangs holds up no other name.

libcurl would do it with 20 threads, and 20 names that hang would stop all lookups for as long. Here a name is looked
up once however many wait for it, threads are many and made on demand, and names that were slow share half of them.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_THREADS = 200
IDLE_SECONDS = 10.0
SLOW_SECONDS = 1.0
MOST_SLOW_NAMES = 10_000

Lookup = Callable[[str], list[str]]


@dataclass(frozen=True)
class Found:
    """The addresses of a name, in the system's order of preference; or why there are none."""

    addresses: tuple[str, ...] = ()
    error: str | None = None


Tell = Callable[[Found], None]


def look_up(name: str) -> list[str]:
    """The addresses of `name` by the system's own rules."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass
class _Waiting:
    """The names that wait for a thread, slow ones apart, and how many slow ones are being looked up."""

    swift: deque[str] = field(default_factory=deque)
    slow: deque[str] = field(default_factory=deque)
    slow_running: int = 0

    def take(self) -> tuple[str, bool] | None:
        """The next name that may be looked up, and whether it counts as slow."""
        if self.swift:
            return self.swift.popleft(), False
        if self.slow and self.slow_running < MOST_THREADS // 2:
            self.slow_running += 1
            return self.slow.popleft(), True
        return None


class Resolver:
    """Asked from one thread; tells what it found from others."""

    def __init__(self, look_up: Lookup = look_up, slow_seconds: float = SLOW_SECONDS) -> None:
        self._look_up = look_up
        self._slow_seconds = slow_seconds
        self._changed = threading.Condition()
        self._waiting = _Waiting()
        self._asking: dict[str, list[Tell]] = {}
        self._slow: dict[str, None] = {}
        self._threads = 0
        self._idle = 0
        self._is_closed = False

    def ask(self, name: str, tell: Tell) -> None:
        """Call `tell` once with what was found, from another thread."""
        with self._changed:
            if name in self._asking:
                self._asking[name].append(tell)
                return
            self._asking[name] = [tell]
            (self._waiting.slow if name in self._slow else self._waiting.swift).append(name)
            self._changed.notify()
            # A thread that was woken still counts as idle until it runs: names that wait are counted against them.
            if len(self._waiting.swift) + len(self._waiting.slow) > self._idle and self._threads < MOST_THREADS:
                self._threads += 1
                threading.Thread(target=self._work, name="resolver", daemon=True).start()

    def close(self) -> None:
        """Let idle threads end; a hanging one ends with its lookup or with the process."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            name, is_slow = taken
            began = time.monotonic()
            found = self._find(name)
            self._finish(name, found, is_slow=is_slow, seconds=time.monotonic() - began)

    def _take(self) -> tuple[str, bool] | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._is_closed or self._can_take(), IDLE_SECONDS)
            self._idle -= 1
            taken = None if self._is_closed else self._waiting.take()
            if taken is None:
                self._threads -= 1
            return taken

    def _can_take(self) -> bool:
        waiting = self._waiting
        return bool(waiting.swift) or (bool(waiting.slow) and waiting.slow_running < MOST_THREADS // 2)

    def _find(self, name: str) -> Found:
        try:
            return Found(tuple(self._look_up(name)))
        except socket.gaierror as error:
            away = error.errno == socket.EAI_AGAIN
            return Found(error="the name server does not answer" if away else "no such name")
        except (OSError, UnicodeError):
            return Found(error="the name cannot be looked up")

    def _finish(self, name: str, found: Found, *, is_slow: bool, seconds: float) -> None:
        with self._changed:
            listeners = self._asking.pop(name)
            self._slow.pop(name, None)
            if seconds > self._slow_seconds:
                self._slow[name] = None
            if len(self._slow) > MOST_SLOW_NAMES:
                self._slow.pop(next(iter(self._slow)))
            if is_slow:
                self._waiting.slow_running -= 1
                self._changed.notify()
        for tell in listeners:
            tell(found)
