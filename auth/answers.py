"""An answer on its way out: tells whoever records it what it was, before its client can have got all of it.

When the headers say how long the body is, that is before the server gets the body, which is left as it is: a file may
go out by sendfile. Else the body is counted on its way, and it is told at its end.
"""

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any

Headers = list[tuple[str, str]]
Environ = dict[str, Any]
Record = Callable[[Environ, Any, int, int, float], None]

BROKEN = 500
REQUEST = "werkzeug.request"


class Answer:
    """The answer to the request of `environ`, which came at `started`; without a `record` nothing is told.

    What is recorded is the environ, Flask's request (if it came to that), status, bytes of the body, and seconds.
    """

    __slots__ = ("_environ", "_length", "_record", "_request", "_started", "_status")

    def __init__(self, environ: Environ, started: float, record: Record | None) -> None:
        self._environ, self._started, self._record = environ, started, record
        self._request: Any = None
        self._status = BROKEN
        self._length: int | None = None

    def begin(self, status: str, headers: Headers) -> None:
        """Its head is known."""
        if self._record is None:
            return
        self._request = self._environ.get(REQUEST)  # Flask takes it away before the body is sent
        self._status = int(status[:3])
        if self._environ["REQUEST_METHOD"] == "HEAD":
            self._length = 0
            return
        for name, value in headers:
            if name == "Content-Length":
                self._length = int(value)
                return

    def send(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """The body for the server."""
        if self._record is None:
            return body
        seconds = perf_counter() - self._started
        if self._length is None:
            return CountedBody(body, seconds, self.tell)
        self.tell(self._length, seconds)
        return body

    def tell(self, sent: int, seconds: float, *, is_broken: bool = False) -> None:
        """Tell of an answer of `sent` bytes; the server makes a 500 of one that broke before any was sent."""
        if self._record is not None:
            status = BROKEN if is_broken and not sent else self._status
            self._record(self._environ, self._request, status, sent, seconds)

    def fail(self) -> None:
        """There is no answer: the application raised, and the server makes a 500 of that."""
        self.tell(0, perf_counter() - self._started, is_broken=True)


class CountedBody:
    """A body whose length shows only while it is sent. What a slow client takes to read it is not auth's time."""

    def __init__(self, body: Iterable[bytes], seconds: float, tell: Callable[..., None]) -> None:
        self._body, self._parts = body, iter(body)
        self._seconds, self._sent = seconds, 0
        self._tell: Callable[..., None] | None = tell

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        began = perf_counter()
        try:
            part = next(self._parts)
        except StopIteration:
            self._finish()
            raise
        except Exception:
            self._finish(is_broken=True)
            raise
        self._seconds += perf_counter() - began
        self._sent += len(part)
        return part

    def close(self) -> None:
        """The server is done with it, or its client is gone."""
        self._finish()
        if (close := getattr(self._body, "close", None)) is not None:
            close()

    def _finish(self, *, is_broken: bool = False) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell(self._sent, self._seconds, is_broken=is_broken)
