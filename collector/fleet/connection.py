"""A connection to the broker. What comes is put into the inbox; nothing is acknowledged before it is stored.

paho does the handshake, TLS and keeping alive. Reading is ours: it takes a packet in three reads, and ends its thread
at an exception of a callback while it goes on to say that it is connected. Nothing here knows what messages mean.
"""

import select
import socket
import time
from collections.abc import Sequence
from threading import Event
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from collector.broker import PORTS
from collector.errors import BrokerError
from collector.fleet.inbox import Inbox
from collector.fleet.metrics import LinkMetrics
from collector.fleet.packets import Heard, split
from common.lock_protocol.topics import CANARY, COLLECTOR, FROM_LOCKS, topic_of

RECEIVE_BYTES = 64 * 1024
KEEPALIVE_SECONDS = 15
CONNECT_SECONDS = 3.0
CLOSE_SECONDS = 1.0
FULL_SECONDS = 0.02  # how often it is looked whether a full inbox has room again
MOST_UNSENT = 10_000  # packets that wait for a broker that does not read
FILTERS = [(topic_of("+", kind), 1) for kind in FROM_LOCKS] + [(topic_of(COLLECTOR, CANARY), 1)]
PUBACK = 0x40
PUBLISH = 0x30
GOOD = MQTTErrorCode.MQTT_ERR_SUCCESS

log = structlog.get_logger()


class Connection(Client):
    """One connection from its beginning to its end; it never comes back."""

    def __init__(self, url: str, inbox: Inbox, metrics: LinkMetrics) -> None:
        parts = urlsplit(url)
        user = unquote(parts.username or COLLECTOR)
        super().__init__(
            CallbackAPIVersion.VERSION2, user, clean_session=False, protocol=MQTTv311, manual_ack=True,
            reconnect_on_failure=False,
        )  # fmt: skip
        self.username_pw_set(user, unquote(parts.password or ""))
        if parts.scheme == "mqtts":
            self.tls_set()
        self.connect_timeout = CONNECT_SECONDS
        self.on_connect = self._note_answer
        self.on_subscribe = self._note_subscription
        self.on_socket_open = _send_at_once
        self._inbox = inbox
        self._metrics = metrics
        self._parts: list[bytes] = []
        self._part_bytes = self._wanted = 0
        self._was_full = False
        self._answered = Event()
        self._fault = "no answer in time"
        self.ended = Event()
        self._address = parts.hostname or "localhost", parts.port or PORTS[parts.scheme]

    def open(self) -> None:
        """Connect and subscribe; raises BrokerError, saying why that failed."""
        try:
            self.connect(*self._address, keepalive=KEEPALIVE_SECONDS)
        except OSError as error:
            raise BrokerError(f"{type(error).__name__}: {error.strerror or error}") from None
        self.loop_start()
        self._answered.wait(CONNECT_SECONDS)
        if self._fault:
            self.close()
            raise BrokerError(self._fault)

    def close(self) -> None:
        """Take leave, with what is still to be sent before it; the broker keeps the session."""
        self.disconnect()
        if not self.ended.wait(CLOSE_SECONDS):
            self._sock_close()

    def send(self, packet: bytes, kind: int) -> bool:
        """Hand bytes to the network thread; whether there is one, and it keeps up."""
        if self.ended.is_set() or len(self._out_packet) > MOST_UNSENT:
            return False
        self._packet_queue(kind, packet, 0, 1)
        return True

    def _note_answer(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._fault = str(reason)
            self._answered.set()
        else:
            self.subscribe(FILTERS)

    def _note_subscription(self, _client: Client, _data: Any, _mid: int, reasons: list[Any], _: Any) -> None:
        self._fault = "it refused a subscription" if any(reason.is_failure for reason in reasons) else ""
        self._answered.set()

    def _thread_main(self) -> None:
        """As paho's, but that an end is always noticed."""
        try:
            super()._thread_main()
        except Exception:
            self._metrics.failures.inc()
            log.exception("link_died")
        finally:
            self.ended.set()
            self._answered.set()
            self._inbox.wake()

    def _loop(self, timeout: float = 1.0) -> MQTTErrorCode:
        """As paho's, but by poll: select() takes no socket whose number is above 1023, and probes hold many.

        A full inbox is not read into: the broker has to hold what comes. When that lasts, its answers to our pings are
        not read either, and paho takes leave.
        """
        poller = select.poll()
        is_full = self._is_full()
        wanted = (0 if is_full else select.POLLIN) | (select.POLLOUT if self.want_write() else 0)
        try:
            poller.register(self._sock, wanted)  # type: ignore[arg-type]  # closed meanwhile: a TypeError or ValueError
            poller.register(self._sockpairR, select.POLLIN)  # type: ignore[arg-type]  # made by loop_start
            ready = dict(poller.poll((FULL_SECONDS if is_full else timeout) * 1000))
            found = ready.get(self._sock.fileno(), 0)  # type: ignore[union-attr]  # as above
        except (TypeError, ValueError, AttributeError):
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if found & ~select.POLLOUT and (code := self.loop_read()):
            return code
        if self._sockpairR.fileno() in ready:  # type: ignore[union-attr]  # as above
            self._drain_calls()
        if self._sock is not None and self.want_write() and (code := self.loop_write()):
            return code
        return self.loop_misc()

    def _drain_calls(self) -> None:
        try:
            self._sockpairR.recv(10_000)  # type: ignore[union-attr]  # made by loop_start
        except BlockingIOError:
            return

    def _packet_read(self) -> MQTTErrorCode:
        """All that the socket has, up to a limit, instead of one packet."""
        try:
            chunk = self._sock_recv(RECEIVE_BYTES)
            while getattr(self._sock, "pending", int)():  # TLS: no poll tells of what is decrypted already
                chunk += self._sock_recv(RECEIVE_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_AGAIN
        except OSError:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if not chunk:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        self._last_bytes_received = time.monotonic()
        try:
            return self._take(chunk)
        except Exception:
            self._metrics.failures.inc()
            log.exception("link_failed")
            return MQTTErrorCode.MQTT_ERR_PROTOCOL

    def _take(self, chunk: bytes) -> MQTTErrorCode:
        self._parts.append(chunk)
        self._part_bytes += len(chunk)
        if self._part_bytes < self._wanted:
            return GOOD
        data = b"".join(self._parts)
        found = split(data)
        rest = data[found.used :]
        self._parts, self._part_bytes, self._wanted = [rest], len(rest), found.wanted
        for first, body in found.others:
            if code := self._handle(first, body):
                return code
        if found.heard:
            self._deliver(found.heard, found.used)
        return GOOD

    def _handle(self, first: int, body: bytes) -> MQTTErrorCode:
        """A packet that is no message, as paho does. That ours arrived is no news: their senders wait for an answer."""
        if first & 0xF0 == PUBACK:
            return GOOD
        self._in_packet["command"], self._in_packet["packet"] = first, bytearray(body)
        self._in_packet["remaining_length"], self._in_packet["pos"] = len(body), 0
        return self._packet_handle()

    def _deliver(self, heard: Sequence[Heard], size: int) -> None:
        try:
            self._inbox.put(heard, size)
        except Exception as error:
            self._metrics.failures.inc()
            log.exception("messages_not_taken")
            self._inbox.put_aside(heard, size, type(error).__name__)

    def _is_full(self) -> bool:
        was_full, self._was_full = self._was_full, self._inbox.is_full
        if self._was_full and not was_full:
            self._metrics.full.inc()
            log.info("fleet_inbox_is_full", messages=self._inbox.messages, bytes=self._inbox.bytes)
        return self._was_full


def _send_at_once(_client: Client, _data: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
