"""gunicorn's threaded worker with two of its habits changed.

It gives a new connection to a thread at once, where it waits up to five seconds for a first byte: a handful of
connections that browsers open in advance, or that an attacker leaves open, hold every thread. Here a connection waits
in the poller, as kept ones do, until it says something. And what gunicorn refuses before Flask sees it (a broken
request line, headers that are too long) is answered in HTML; here it is a problem like every other error.
"""

import secrets
import socket
from functools import partial
from selectors import EVENT_READ
from time import monotonic
from typing import Any

import gunicorn.util
import orjson
from gunicorn.workers.gthread import TConn, ThreadWorker

from auth.gate import DATA_HEADERS

MEDIA_TYPE = "application/problem+json"
REFUSED = "The request cannot be understood by the server"


class PollingWorker(ThreadWorker):
    """A worker whose threads only ever hold requests that have begun."""

    def accept(self, listener: Any) -> None:
        """Take a connection and let the poller watch it."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another worker was faster, or the client gave up
            return
        client.setblocking(False)
        connection = TConn(self.cfg, client, address, listener.getsockname())
        connection.timeout = monotonic() + self.cfg.keepalive
        self.nr_conns += 1
        self.pending_conns.append(connection)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, connection))  # type: ignore[union-attr]  # it is made before any accept


def write_problem(client: socket.socket, status: int, reason: str, _: str) -> None:
    """Answer `status` as a problem; what gunicorn found wrong is in the log, it may repeat what was sent."""
    request_id = secrets.token_hex(8)
    body = orjson.dumps(
        {
            "type": "about:blank",
            "title": reason,
            "status": status,
            "detail": REFUSED,
            "instance": request_id,
            "success": False,
            "message": REFUSED,
        }
    )
    headers = [
        ("Connection", "close"),
        ("Content-Type", MEDIA_TYPE),
        ("Content-Length", str(len(body))),
        ("X-Request-ID", request_id),
        ("X-Response-Time", "0.000s"),
        *DATA_HEADERS,
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    gunicorn.util.write_nonblock(client, f"HTTP/1.1 {status} {reason}\r\n{head}\r\n".encode("latin1") + body)


gunicorn.util.write_error = write_problem  # gunicorn has no setting for it
