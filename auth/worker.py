"""gunicorn's threaded worker with two of its habits changed.

It gives a new connection to a thread at once, where it waits up to five seconds for a first byte: a handful of
connections that browsers open in advance, or that an attacker leaves open, hold every thread. Here a connection waits
in the poller, as kept ones do, until it says something, and a head that is not whole within five seconds ends it. And
what gunicorn refuses before Flask sees it (a broken
request line, headers that are too long) is answered in HTML; here it is a problem like every other error.
"""

import secrets
import socket
import struct
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from time import monotonic, sleep
from typing import Any

import gunicorn.util
import orjson
from gunicorn.workers.gthread import TConn, ThreadWorker

from auth.gate import DATA_HEADERS

HEAD_SECONDS = 5.0
HEAD_BYTES = 65_536
HEAD_END = b"\r\n\r\n"
LOOK_SECONDS = 0.01
IO_LIMIT = struct.pack("ll", 30, 0)
MEDIA_TYPE = "application/problem+json"
REFUSED = "The request cannot be understood by the server"


class PollingWorker(ThreadWorker):
    """A worker whose threads are held neither by silence nor, for long, by half a request."""

    def accept(self, listener: Any) -> None:
        """Take a connection and let the poller watch it."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another worker was faster, or the client gave up
            return
        client.setblocking(False)
        # Kept by the kernel whatever gunicorn makes of the socket later: for bodies that drip, readers that stall.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, IO_LIMIT)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, IO_LIMIT)
        connection = TConn(self.cfg, client, address, listener.getsockname())
        connection.timeout = monotonic() + self.cfg.keepalive
        self.nr_conns += 1
        self.pending_conns.append(connection)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, connection))  # type: ignore[union-attr]  # it is made before any accept

    def handle(self, conn: Any) -> Any:
        """Serve a request, once its head is whole."""
        if not is_read_ahead(conn) and not await_head(conn.sock):
            return False
        return super().handle(conn)  # type: ignore[no-untyped-call]  # gunicorn has no types


def is_read_ahead(conn: Any) -> bool:
    """Whether the next request, or a part of it, was read with the one before."""
    return conn.initialized and bool(conn.parser.unreader.buf.getvalue())


def await_head(client: socket.socket) -> bool:
    """Whether a request's head comes whole, or as long as gunicorn lets it be, within its time."""
    deadline = monotonic() + HEAD_SECONDS
    while monotonic() < deadline:
        try:
            seen = client.recv(HEAD_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            seen = b"\r"
        except OSError:
            return False
        if not seen or HEAD_END in seen or len(seen) == HEAD_BYTES:
            return True
        sleep(LOOK_SECONDS)
    return False


def write_problem(client: socket.socket, status: int, reason: str, _: str) -> None:
    """Answer `status` as a problem; what gunicorn found wrong is in the log, it may repeat what was sent."""
    request_id = secrets.token_hex(8)
    body = orjson.dumps(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
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
