"""Knocks at the MQTT broker: one real connect with our own account, and away again."""

import time
from secrets import token_hex
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from collector.errors import BrokerError

PORTS = {"mqtt": 1883, "mqtts": 8883}


def knock(url: str, limit_seconds: float) -> float:
    """Seconds from the first packet to the broker's welcome; raises BrokerError, saying why there was none."""
    answers: list[Any] = []
    client = _client(url)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(reason)
    began = time.monotonic()
    try:
        _connect(client, url, limit_seconds)
        while not answers and time.monotonic() - began < limit_seconds:
            if client.loop(timeout=0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS and not answers:
                raise BrokerError("hung up")
        seconds = time.monotonic() - began
    except OSError as error:
        raise BrokerError(f"{type(error).__name__}: {error.strerror or error}") from None
    finally:
        client.disconnect()
    return _judge(answers, seconds, limit_seconds)


def _client(url: str) -> Client:
    # A name of its own each time: a broker cuts the older of two connections with one name.
    client = Client(CallbackAPIVersion.VERSION2, f"watchhouse-check-{token_hex(4)}", protocol=MQTTv311)
    parts = urlsplit(url)
    if parts.username:
        client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
    if parts.scheme == "mqtts":
        client.tls_set()
    return client


def _connect(client: Client, url: str, limit_seconds: float) -> None:
    parts = urlsplit(url)
    client.connect_timeout = limit_seconds
    client.connect(parts.hostname or "localhost", parts.port or PORTS[parts.scheme])


def _judge(answers: list[Any], seconds: float, limit_seconds: float) -> float:
    if not answers:
        raise BrokerError(f"no answer within {limit_seconds:g} s")
    if answers[0].is_failure:
        raise BrokerError(str(answers[0]))
    return seconds
