"""The collector's port: /metrics for Prometheus, /healthz for whoever watches the process. All of it from memory.

A server of the standard library, since two pages for machines are all there is; it never touches the database.
"""

import json
import socket
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from threading import BoundedSemaphore, Thread
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from collector.access import HEALTH, may_read
from collector.running import Runner, State
from collector.settings import Settings
from common.clock import utc_now

METRICS = "/metrics"
HEARTBEAT = "beat"
SILENCE = timedelta(seconds=30)
MOST_REQUESTS = 8
REQUEST_SECONDS = 5


def health_of(states: Mapping[str, State], now: datetime) -> tuple[bool, dict[str, Any]]:
    """Whether this collector is healthy, that is whether its heartbeat reaches the database, and what to tell."""
    beat = states.get(HEARTBEAT)
    is_healthy = beat is not None and beat.succeeded_at is not None and now - beat.succeeded_at <= SILENCE
    jobs = {
        name: {"outcome": state.outcome, "succeeded_at": state.succeeded_at and state.succeeded_at.isoformat()}
        for name, state in sorted(states.items())
    }
    return is_healthy, {
        "status": "healthy" if is_healthy else "unhealthy",
        "database": "up" if beat is not None and beat.outcome == "succeeded" else "down",
        "jobs": jobs,
    }


class Server(TCPServer):
    """At most so many requests at once; the next one is closed unheard."""

    allow_reuse_address = True
    request_queue_size = 32

    def __init__(self, settings: Settings, registry: CollectorRegistry, runner: Runner) -> None:
        """Listens at once; raises OSError when it cannot."""
        self.settings = settings
        self.registry = registry
        self.runner = runner
        self._seats = BoundedSemaphore(MOST_REQUESTS)
        self.address_family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        super().__init__((settings.host, settings.port), Handler)

    def start(self) -> None:
        """Serve in a thread that ends with the process."""
        Thread(target=self.serve_forever, name="web", daemon=True).start()

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for the request while there is a seat."""
        if not self._seats.acquire(blocking=False):
            self.shutdown_request(request)
            return
        Thread(target=self._serve, args=[request, client_address], name="request", daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A peer that hung up is no event."""

    def _serve(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)
            self._seats.release()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    timeout = REQUEST_SECONDS
    server_version = "watchhouse"
    sys_version = ""

    def do_GET(self) -> None:
        """One of the pages, 401 or 404."""
        path = urlsplit(self.path).path
        page = {METRICS: self._metrics, HEALTH: self._health}.get(path)
        if page is None:
            self._answer(404, "text/plain", b"not found\n")
        elif not may_read(path, self.client_address[0], self.headers.get("Authorization", ""), self.server.settings):
            self._answer(401, "text/plain", b"a token or a listed network is needed\n")
        else:
            page()

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are no events."""

    def _metrics(self) -> None:
        encode: Callable[[CollectorRegistry], bytes]
        encode, kind = choose_encoder(self.headers.get("Accept", ""))
        self._answer(200, kind, encode(self.server.registry))

    def _health(self) -> None:
        is_healthy, told = health_of(self.server.runner.states, utc_now())
        body = {"collector": self.server.settings.name, **told}
        self._answer(200 if is_healthy else 503, "application/json", json.dumps(body).encode())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(body)
