"""The fleet's link: whichever connection to the broker there is now. Knows nothing of what messages mean."""

from collections.abc import Iterable
from itertools import cycle
from threading import Lock

from collector.fleet.connection import PUBACK, PUBLISH, Connection
from collector.fleet.inbox import Inbox
from collector.fleet.metrics import LinkMetrics
from collector.fleet.packets import write_acks, write_forget, write_publish


class Link:
    """The present connection, if there is one. `open`, `close`, `acknowledge` are the writer's, publishing is for all.

    What an old connection had not sent is gone with it: who wants it repeated repeats it.
    """

    def __init__(self, url: str, inbox: Inbox, metrics: LinkMetrics) -> None:
        self.inbox = inbox
        self._url = url
        self._metrics = metrics
        self._connection: Connection | None = None
        self._mids = cycle(range(1, 65536))
        self._lock = Lock()

    @property
    def is_connected(self) -> bool:
        """Whether the broker has taken us, and the connection has not ended."""
        connection = self._connection
        return connection is not None and not connection.ended.is_set()

    def open(self) -> None:
        """Connect anew, with an empty inbox; raises BrokerError."""
        self.inbox.clear()
        connection = Connection(self._url, self.inbox, self._metrics)
        connection.open()
        self._connection = connection

    def close(self) -> None:
        """Leave the broker; it keeps our session."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def acknowledge(self, mids: Iterable[bytes]) -> None:
        """These messages of the present connection are stored."""
        packet = write_acks(mid for mid in mids if mid)
        if self._connection is not None and packet:
            self._connection.send(packet, PUBACK)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send one message; False when there is no connection."""
        return self.publish_all([(topic, payload)])

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> bool:
        """Send some in one piece; False when there is no connection."""
        with self._lock:
            packet = b"".join(write_publish(topic, payload, next(self._mids)) for topic, payload in messages)
        return self._send(packet)

    def forget(self, topics: Iterable[str]) -> bool:
        """Let the broker keep nothing of these topics; False when there is no connection."""
        with self._lock:
            packet = b"".join(write_forget(topic, next(self._mids)) for topic in topics)
        return self._send(packet)

    def _send(self, packet: bytes) -> bool:
        connection = self._connection
        return connection is not None and connection.send(packet, PUBLISH)
