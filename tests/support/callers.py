"""Clients that ask a running auth at a steady rate, and know of each request whether its answer came whole."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from time import monotonic
from urllib.parse import urlsplit

LIMIT_SECONDS = 20
LATEST = 0.5  # a caller that was kept waiting does not make up for more than that


@dataclass(frozen=True)
class Answered:
    """A request whose answer came whole, when it began and how long it took."""

    request_id: str
    path: str
    status: int
    began: float
    seconds: float


class Callers:
    """`count` clients, each on a connection of its own that it keeps; `paths` in turn."""

    def __init__(
        self, url: str, paths: Sequence[str], *, prefix: str, per_second: float, count: int, headers: Mapping[str, str]
    ) -> None:
        self.answers: list[Answered] = []
        self.sent, self.broken = 0, 0
        self._url, self._paths, self._prefix, self._headers = url, paths, prefix, headers
        self._pause = count / per_second
        self._is_over = Event()
        self._threads = [Thread(target=self._call, args=[number, number / per_second]) for number in range(count)]

    def start(self) -> None:
        """Begin to call."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """No more calls; those under way come to their end."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _call(self, number: int, first: float) -> None:
        place = urlsplit(self._url)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=LIMIT_SECONDS)
        due = monotonic() + first
        for turn in itertools.count():
            if self._is_over.wait(max(0.0, due - monotonic())):
                break
            due = max(due + self._pause, monotonic() - LATEST)
            path = self._paths[(number + turn) % len(self._paths)]
            self._ask(connection, path, f"{self._prefix}-{number}-{turn}")
        connection.close()

    def _ask(self, connection: HTTPConnection, path: str, request_id: str) -> None:
        began = monotonic()
        self.sent += 1
        try:
            connection.request("GET", path, headers={**self._headers, "X-Request-ID": request_id})
            answer = connection.getresponse()
            answer.read()  # raises when the end is missing
        except (OSError, HTTPException):
            self.broken += 1
            connection.close()  # the next request opens it again
            return
        self.answers.append(Answered(request_id, path, answer.status, began, monotonic() - began))


@contextmanager
def calling(
    url: str,
    paths: Sequence[str],
    *,
    prefix: str,
    per_second: float,
    count: int = 6,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Callers]:
    """Callers that call until the end of the block."""
    callers = Callers(url, paths, prefix=prefix, per_second=per_second, count=count, headers=headers or {})
    callers.start()
    try:
        yield callers
    finally:
        callers.stop()


def p95(seconds: Iterable[float]) -> float:
    """What 95 of 100 stay within."""
    ordered = sorted(seconds)
    return ordered[math.ceil(len(ordered) * 0.95) - 1]
