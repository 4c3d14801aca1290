"""A way to the broker on which, from some moment on, nothing gets back to it: so no acknowledgement does."""

import socket
import threading
from contextlib import suppress

from tests.support.ports import free_port

LOOPBACK = "127.0.0.1"


class OneWay:
    """A TCP relay on `port`; what the client says is swallowed while `is_deaf`."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.is_deaf = False
        self._target = target
        self._listener = socket.create_server((LOOPBACK, self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """No new connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                broker = socket.create_connection((LOOPBACK, self._target))
                for source, sink, is_asking in ((client, broker, True), (broker, client, False)):
                    threading.Thread(target=self._pass, args=[source, sink, is_asking], daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, is_asking: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not (is_asking and self.is_deaf):
                    sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
