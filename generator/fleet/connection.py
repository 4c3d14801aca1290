"""One connection of a lock to the broker: paho, driven by the event loop, from CONNECT to the end of the socket.

The next connection is a new object: nothing that paho remembers of the last one is sent again behind our back; what has
to be sent again stands in the outbox. Sessions are clean: a command that waited for an absent lock would come late.
It must not know what is in a message.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

KEEP_ALIVE_SECONDS = 30
OPEN_SECONDS = 10.0
CONNECTORS = 16

# Names are looked up and sockets connected here: either may take seconds, and the loop serves all the others.
_CONNECTING = ThreadPoolExecutor(CONNECTORS, "fleet-connect")

Receive = Callable[[str, bytes, bool], None]


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is."""

    host: str
    port: int
    is_encrypted: bool

    @classmethod
    def at(cls, url: str) -> "Broker":
        """From `mqtt://host:port` or `mqtts://…`; a login in it is not ours."""
        parts = urlsplit(url)
        is_encrypted = parts.scheme == "mqtts"
        return cls(parts.hostname or "127.0.0.1", parts.port or (8883 if is_encrypted else 1883), is_encrypted)


@dataclass(frozen=True, slots=True)
class Login:
    """Where and as whom a lock connects."""

    broker: Broker
    client_id: str
    username: str
    password: str


class Connection:
    """A connection with a will on `topic`; `receive` gets topic, payload and whether it was retained."""

    def __init__(self, login: Login, topic: str, will: bytes, receive: Receive) -> None:
        self._loop = asyncio.get_running_loop()
        self._broker = login.broker
        self._receive = receive
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._subscriptions: list[tuple[str, int]] = []
        self.closed = asyncio.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, login.client_id, clean_session=True, protocol=MQTTv311)
        self._client.username_pw_set(login.username, login.password)
        self._client.will_set(topic, will, qos=1, retain=True)
        self._client.max_inflight_messages_set(0)  # the outbox has a window of its own
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_socket_close = self._on_socket_close

    async def open(self, subscriptions: Sequence[str]) -> None:
        """Connect and subscribe. Raises OSError when either is not done within the limit."""
        broker = self._broker
        self._subscriptions = [(topic, 1) for topic in subscriptions]
        if broker.is_encrypted:
            self._client.tls_set_context(ssl.create_default_context())
        connect = self._client.connect
        try:
            await self._loop.run_in_executor(_CONNECTING, connect, broker.host, broker.port, KEEP_ALIVE_SECONDS)
            self._listen()
            await asyncio.wait_for(self._ready, OPEN_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            self.cut()
            raise ConnectionError(str(error)) from error

    def publish(self, topic: str, payload: bytes, *, is_retained: bool) -> None:
        """Send with QoS 1; nothing happens when the connection is no more."""
        if not self.closed.is_set():
            self._client.publish(topic, payload, qos=1, retain=is_retained)
            self._pump()

    def tend(self) -> None:
        """To be called every few seconds: pings the broker, and ends a connection that does not answer."""
        self._client.loop_misc()
        self._pump()

    def close(self) -> None:
        """Say goodbye: the will is not spoken."""
        self._client.disconnect()
        self._pump()

    def cut(self) -> None:
        """Break off without a word, as a lost network does."""
        found = self._client.socket()
        if found is None:
            self.closed.set()
            return
        with contextlib.suppress(OSError):
            cast(socket.socket, found).shutdown(socket.SHUT_RDWR)  # no WebSocket is ever used here
        self._on_readable()

    def _listen(self) -> None:
        found = self._client.socket()
        if found is None:
            raise ConnectionError("the broker hung up")
        self._loop.add_reader(found.fileno(), self._on_readable)

    def _on_readable(self) -> None:
        self._client.loop_read()
        # TLS may hold decrypted packets that no selector sees.
        while isinstance(found := self._client.socket(), ssl.SSLSocket) and found.pending():
            self._client.loop_read()
        self._pump()

    def _pump(self) -> None:
        """Write what paho has to write; what the socket does not take now, when it takes more."""
        found = self._client.socket()
        if found is None:
            self._end()
            return
        if self._client.want_write():
            self._client.loop_write()
        if self._client.socket() is None:
            self._end()
        elif self._client.want_write():
            self._loop.add_writer(found.fileno(), self._pump)
        else:
            self._loop.remove_writer(found.fileno())

    def _end(self) -> None:
        self.closed.set()
        if not self._ready.done():
            self._ready.set_exception(ConnectionError("the broker hung up"))
            self._ready.exception()  # nobody may be waiting for it any more

    def _on_connect(self, client: Client, _: Any, __: Any, code: ReasonCode, ___: Any) -> None:
        if code.is_failure:
            self._end()
        else:
            client.subscribe(self._subscriptions)

    def _on_subscribe(self, _: Client, __: Any, ___: int, codes: list[ReasonCode], ____: Any) -> None:
        if any(code.is_failure for code in codes):
            self._end()
        elif not self._ready.done():
            self._ready.set_result(None)

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        self._receive(message.topic, bytes(message.payload), message.retain)

    def _on_socket_close(self, _: Client, __: Any, found: Any) -> None:
        """Before its number can be another socket's."""
        self._loop.remove_reader(found.fileno())
        self._loop.remove_writer(found.fileno())
