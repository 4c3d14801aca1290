"""Ask and answer over the database: how auth asks the collector for something and waits, and how the collector hears.

The asker writes a row and `NOTIFY`s in the same statement, then polls for the answer in a `WaitingRoom`; the answerer
is woken by a `Listener`. Either side may be away: the other notices only delay. This knows no table and no channel.
"""

import os
import select
import threading
import time
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import psycopg2
import structlog
from psycopg2 import extensions, sql

Answer = TypeVar("Answer")

POLL_SECONDS = 0.025
RECONNECT_SECONDS = 1.0
CONNECT_SECONDS = 2
# A listener says nothing by itself: without these a peer that vanished would go unnoticed for hours.
KEEPALIVE: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

log = structlog.get_logger()


class WaitingRoom:
    """At most `most` callers wait at once, so that waiting never takes all threads of a process."""

    def __init__(self, most: int) -> None:
        self._seats = threading.BoundedSemaphore(most)

    def wait(self, read_answer: Callable[[], Answer | None], limit_seconds: float) -> Answer | None:
        """The answer as soon as `read_answer` gives one; None after the limit, and at once when the room is full."""
        if not self._seats.acquire(blocking=False):
            return None
        try:
            return _poll(read_answer, time.monotonic() + limit_seconds)
        finally:
            self._seats.release()


def _poll(read_answer: Callable[[], Answer | None], end: float) -> Answer | None:
    while True:
        answer = read_answer()
        left = end - time.monotonic()
        if answer is not None or left <= 0:
            return answer
        time.sleep(min(POLL_SECONDS, left))


class Listener:
    """Hears the NOTIFYs of some channels; connects again by itself. For one thread, `stop` apart."""

    def __init__(self, url: str, channels: Collection[str], *, process: str) -> None:
        """Nothing connects before the first `wait`."""
        self._url = url
        self._channels = frozenset(channels)
        self._process = process
        self._connection: extensions.connection | None = None
        self._is_away = False
        self._stopped, self._stop = os.pipe()

    def wait(self, seconds: float) -> set[str]:
        """The channels that were notified, waiting at most `seconds` for the first; empty when stopped or unreachable.

        After each connect it is all channels: what was said while nobody listened is lost, so everybody has to look.
        """
        try:
            if self._connection is None:
                self._connection = self._listen()
                return set(self._channels)
            return self._hear(self._connection, seconds)
        except psycopg2.Error as error:
            if not self._is_away:  # told once, not at every try
                log.warning("listener_disconnected", error=type(error).__name__)
            self._is_away = True
            self._disconnect()
            _wait_for([self._stopped], min(seconds, RECONNECT_SECONDS))
            return set()

    def stop(self) -> None:
        """End a wait now, and every later one at once; from any thread."""
        os.write(self._stop, b"x")

    def close(self) -> None:
        """Give everything back; after the last wait."""
        self._disconnect()
        os.close(self._stopped)
        os.close(self._stop)

    def _listen(self) -> extensions.connection:
        connection: extensions.connection = psycopg2.connect(
            self._url, application_name=f"{self._process} listener", connect_timeout=CONNECT_SECONDS, **KEEPALIVE
        )
        connection.autocommit = True  # inside a transaction nothing would be heard
        with connection.cursor() as cursor:
            for channel in sorted(self._channels):
                cursor.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        self._is_away = False
        log.info("listener_connected", channels=sorted(self._channels))
        return connection

    def _hear(self, connection: extensions.connection, seconds: float) -> set[str]:
        _wait_for([connection.fileno(), self._stopped], seconds)
        connection.poll()
        heard = {notice.channel for notice in connection.notifies}
        connection.notifies.clear()
        return heard

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _wait_for(descriptors: list[int], seconds: float) -> None:
    """Until there is something to read from one of them. Not by `select`, which ends at the 1024th open file."""
    waiting = select.poll()
    for descriptor in descriptors:
        waiting.register(descriptor, select.POLLIN)
    waiting.poll(seconds * 1000)
