"""A lock at a real broker: the simulated one's firmware on a plain paho connection, or mute, so that a test answers."""

import socket
import time
from collections.abc import Callable
from threading import Event, RLock
from typing import Any

import orjson
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from common.lock_protocol.topics import COMMANDS, INGEST_ACK, STATUS, topic_of
from generator.fleet.lock import Lock
from generator.fleet.obeying import take_command
from generator.fleet.record import Keys, Record

LOOPBACK = "127.0.0.1"
NO_KEY = bytes(32)


def milliseconds() -> int:
    """Now, as a lock tells it."""
    return round(time.time() * 1000)


def send_at_once(_client: Client, _data: Any, opened: Any) -> None:
    """Without this what is sent waits up to 40 ms for what was sent before to be confirmed."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class PlayedLock:
    """One lock. `heard` is every payload on its topic of commands."""

    def __init__(self, port: int, device_id: str, command_key: bytes, password: str) -> None:
        self.lock = Lock(device_id, Keys(command_key, NO_KEY, NO_KEY), Record())
        self.heard: list[bytes] = []
        self.obeys = True
        self.subscribed = Event()
        self._port, self._password = port, password
        self._turn = RLock()  # the test's thread and paho's
        self._client = self._connect_later()

    def start(self) -> None:
        """Power on, and connect."""
        self.lock.start(milliseconds())
        self.connect()

    def connect(self) -> None:
        """Come online, or come again."""
        self._client = self._connect_later()
        will, self._online = self.lock.begin_connection()
        self._client.will_set(topic_of(self.lock.device_id, STATUS), will, qos=1, retain=True)
        self._client.connect(LOOPBACK, self._port, keepalive=10)
        self._client.loop_start()

    def leave(self) -> None:
        """Go without a word; the broker speaks its will."""
        found = self._client.socket()
        if isinstance(found, socket.socket):
            found.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def say(self, act: Callable[[Lock, int], Any]) -> None:
        """Something happens to it, and it tells."""
        with self._turn:
            act(self.lock, milliseconds())
            self._send()

    def answer(self, command_id: str, result: str, reason: str | None = None) -> None:
        """Its word on a command."""
        self.say(lambda lock, now: lock.tell_answer(command_id, result, now, reason))

    def commands(self, name: str = "") -> list[dict[str, Any]]:
        """What it was told, all or those of one name."""
        told = [orjson.loads(payload) for payload in self.heard]
        return [command for command in told if name in ("", command["command"])]

    def _connect_later(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, self.lock.device_id, protocol=MQTTv311, reconnect_on_failure=False)
        client.username_pw_set(self.lock.device_id, self._password)
        client.on_socket_open = send_at_once
        client.on_connect = self._subscribe
        client.on_subscribe = self._come_online
        client.on_message = self._hear
        return client

    def _subscribe(self, client: Client, *_: Any) -> None:
        client.subscribe([(topic_of(self.lock.device_id, kind), 1) for kind in (COMMANDS, INGEST_ACK)])

    def _come_online(self, client: Client, *_: Any) -> None:
        client.publish(topic_of(self.lock.device_id, STATUS), self._online, qos=1, retain=True)
        with self._turn:
            self.lock.outbox.restart()
            self._send()
        self.subscribed.set()

    def _hear(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._turn:
            self._take(message)

    def _take(self, message: MQTTMessage) -> None:
        if message.topic == topic_of(self.lock.device_id, INGEST_ACK):
            told = orjson.loads(message.payload)
            self.lock.outbox.acknowledge((told["boot"], told["seq"]))
            return
        payload = bytes(message.payload)
        self.heard.append(payload)
        if self.obeys:
            take_command(self.lock, payload, milliseconds(), is_retained=message.retain)
            if self.lock.record.rebooting:
                self._send()
                self.lock.start(milliseconds(), "reboot")
            self._send()

    def _send(self) -> None:
        self.lock.outbox.release(self.lock.outbox.take_fresh())
        for message in self.lock.outbox.due():
            self._client.publish(topic_of(self.lock.device_id, message.kind), message.payload, qos=1)
