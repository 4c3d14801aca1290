"""A real HTTP sink for notifications: takes, refuses, hangs, and remembers every key."""

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Arrival:
    """A notification as it came in."""

    path: str
    key: str
    content: dict[str, Any]

    @property
    def subject(self) -> str:
        """Its subject, as our webhook or Apprise's JSON has it."""
        return self.content.get("subject") or self.content["title"]


@dataclass
class Sink:
    """What came in, and how each path answers: statuses to come, then 200."""

    arrivals: list[Arrival] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    redirects: dict[str, str] = field(default_factory=dict)
    slow_seconds: float = 0.0
    is_forgetful: bool = False  # every other one counts only if the sender waited for the answer
    calls: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    def subjects(self, path: str | None = None) -> list[str]:
        """The subjects that came in, in order."""
        return [one.subject for one in list(self.arrivals) if path in (None, one.path)]

    def taken(self) -> dict[str, str]:
        """As a sink that honours keys sees it: the subject of each key."""
        return {one.key: one.subject for one in list(self.arrivals)}

    def answer(self, arrival: Arrival, is_gone: Callable[[], bool]) -> tuple[int, str | None]:
        """The status, and where to for a redirect."""
        self.calls += 1
        is_late = self.is_forgetful and self.calls % 2 == 0
        if not is_late:
            self.arrivals.append(arrival)
        self.released.wait(60 if arrival.path in self.hanging else self.slow_seconds)
        if is_late and not is_gone():
            self.arrivals.append(arrival)
        if arrival.path in self.redirects:
            return 307, self.redirects[arrival.path]
        statuses = self.answers.get(arrival.path)
        return (statuses.pop(0) if statuses else 200), None


class _Handler(BaseHTTPRequestHandler):
    server: "SinkServer"

    def do_POST(self) -> None:
        """Take it down, and answer as told."""
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        arrival = Arrival(self.path, self.headers.get("Idempotency-Key", ""), content)
        status, to = self.server.sink.answer(arrival, self._is_gone)
        self.send_response(status)
        if to:
            self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _is_gone(self) -> bool:
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


class SinkServer(ThreadingHTTPServer):
    """It listens on loopback."""

    daemon_threads = True

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        super().__init__((LOOPBACK, 0), _Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self.server_address[1]}"

    def url(self, path: str) -> str:
        """As a channel's URL."""
        return f"http://{self.place}{path}"

    def stop(self) -> None:
        """Let go of whoever waits, and end."""
        self.sink.released.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Somebody hung up: that is their affair."""
