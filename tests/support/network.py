"""The network between locks and broker, which a test can cut: what is connected breaks, what would connect is refused.

The broker may be away, too: whoever connects then is hung up on, and may come again.
"""

import socket
import threading
from contextlib import suppress

from tests.support.ports import free_port

LOOPBACK = "127.0.0.1"
PIECE = 65_536


class Network:
    """A TCP relay on `port` to `target`, a port of loopback."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._gate = threading.Lock()
        self._listener: socket.socket | None = None
        self._ends: set[socket.socket] = set()
        self.mend()

    @property
    def url(self) -> str:
        """Where locks find the broker."""
        return f"mqtt://{LOOPBACK}:{self.port}"

    def mend(self) -> None:
        """Let connections through."""
        listener = self._listener = socket.create_server((LOOPBACK, self.port), backlog=512)
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()

    def cut(self) -> None:
        """Break everything, in the middle of what is being said."""
        with self._gate:
            listener, self._listener = self._listener, None
            ends = list(self._ends)
        for end in (*([listener] if listener else []), *ends):
            _break(end)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                with suppress(OSError):
                    self._join(near)

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection((LOOPBACK, self._target))
        except OSError:
            near.close()
            raise
        with self._gate:
            self._ends |= {near, far}
            is_cut = self._listener is None
        for source, sink in ((near, far), (far, near)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass, args=[source, sink], daemon=True).start()
        if is_cut:
            _break(near)

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE):
                sink.sendall(data)
        _break(sink)
        with self._gate:
            self._ends.discard(source)
        source.close()


def _break(end: socket.socket) -> None:
    """Whoever reads or writes it is woken; it is closed by who reads it."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
