"""Knocks at the MQTT broker: one real connect, a look at the broker's own figures, and away again.

At our own broker a user has one connection, so knocking has an account of its own beside that of the fleet's link.

Its figures are topics under `$SYS`, which not every broker has: without them a knock is only a knock. They are
retained, but Mosquitto lets go of one that has not changed for a minute.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from collector.errors import BrokerError
from common.lock_protocol.topics import CHECKER, COLLECTOR

PORTS = {"mqtt": 1883, "mqtts": 8883}
OWN_FIGURES = {
    "$SYS/broker/clients/connected": "clients",
    "$SYS/broker/messages/received": "messages_received",
    "$SYS/broker/messages/sent": "messages_sent",
    "$SYS/broker/bytes/received": "bytes_received",
    "$SYS/broker/bytes/sent": "bytes_sent",
    "$SYS/broker/uptime": "uptime_seconds",
}
FIGURES_SECONDS = 0.5  # they are retained, and come at once or not at all


@dataclass
class Welcome:
    """What the broker said: how it took us, and how it is."""

    answers: list[Any] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def hear(self, message: MQTTMessage) -> None:
        """A figure of its own: a number, with or without a word for its unit."""
        number = message.payload.split()[0] if message.payload.split() else b""
        if message.topic in OWN_FIGURES and number.isdigit():
            self.figures[OWN_FIGURES[message.topic]] = float(number)


def knock(url: str, limit_seconds: float) -> tuple[float, Mapping[str, float]]:
    """Seconds from the first packet to the broker's welcome, and its own figures as far as it tells them.

    Raises BrokerError, saying why there was no welcome.
    """
    welcome = Welcome()
    client = _client(url, welcome)
    began = time.monotonic()
    try:
        _connect(client, url, limit_seconds)
        while not welcome.answers and time.monotonic() - began < limit_seconds:
            if client.loop(timeout=0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS and not welcome.answers:
                raise BrokerError("hung up")
        seconds = time.monotonic() - began
        _judge(welcome.answers, limit_seconds)
        _hear_figures(client, welcome)
    except OSError as error:
        raise BrokerError(f"{type(error).__name__}: {error.strerror or error}") from None
    finally:
        client.disconnect()
    return seconds, welcome.figures


def _client(url: str, welcome: Welcome) -> Client:
    # A broker that does not make the user the client's name cuts the older of two connections with one name.
    client = Client(CallbackAPIVersion.VERSION2, f"watchhouse-check-{token_hex(4)}", protocol=MQTTv311)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: welcome.answers.append(reason)
    client.on_message = lambda _client, _data, message: welcome.hear(message)
    parts = urlsplit(url)
    if parts.username:
        user = unquote(parts.username)
        client.username_pw_set(CHECKER if user == COLLECTOR else user, unquote(parts.password or ""))
    if parts.scheme == "mqtts":
        client.tls_set()
    return client


def _connect(client: Client, url: str, limit_seconds: float) -> None:
    parts = urlsplit(url)
    client.connect_timeout = limit_seconds
    client.connect(parts.hostname or "localhost", parts.port or PORTS[parts.scheme])


def _judge(answers: list[Any], limit_seconds: float) -> None:
    if not answers:
        raise BrokerError(f"no answer within {limit_seconds:g} s")
    if answers[0].is_failure:
        raise BrokerError(str(answers[0]))


def _hear_figures(client: Client, welcome: Welcome) -> None:
    client.subscribe([(topic, 0) for topic in OWN_FIGURES])
    end = time.monotonic() + FIGURES_SECONDS
    while len(welcome.figures) < len(OWN_FIGURES) and time.monotonic() < end:
        if client.loop(timeout=0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return
