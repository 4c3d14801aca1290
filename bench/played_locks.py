"""Locks at a broker, many in a process of their own: they obey commands, and echo what begins with `ping`.

`python -m bench.played_locks PORT`, with a JSON list of name, command key in hexadecimal and MQTT password on stdin. It
says `ready` when all are online, and ends with its stdin.
"""

import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from paho.mqtt.client import Client, MQTTMessage

from common.lock_protocol.keys import from_text
from common.lock_protocol.topics import COMMANDS_ACK, topic_of
from tests.collector.fleet.played_lock import PlayedLock
from tests.support.broker import Broker
from tests.support.processes import HOUSE, environment

PING = b"ping"
HEARTBEAT_SECONDS = 5.0


class Echo(PlayedLock):
    """A lock that sends a ping back as it came."""

    def _hear(self, client: Client, data: Any, message: MQTTMessage) -> None:
        if message.payload.startswith(PING):
            client.publish(topic_of(self.lock.device_id, COMMANDS_ACK), message.payload, qos=1)
        else:
            super()._hear(client, data, message)
            self.heard.clear()


@contextmanager
def play(broker: Broker, claimed: list[dict[str, Any]]) -> Iterator[None]:
    """The locks, in a process of their own."""
    told = [
        (
            device["device_id"],
            from_text(device["credentials"]["keys"]["command_key"]).hex(),
            device["credentials"]["mqtt"]["password"],
        )
        for device in claimed
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.played_locks", str(broker.port)],
        env=environment(),
        cwd=HOUSE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(orjson.dumps(told) + b"\n")
    process.stdin.flush()
    try:
        assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.stdin.close()
        process.wait(10)


def main(port: int) -> None:
    """Play until nobody wants it any more."""
    locks = [
        Echo(port, name, bytes.fromhex(key), password) for name, key, password in orjson.loads(sys.stdin.readline())
    ]
    for lock in locks:
        lock.start()
    for lock in locks:
        lock.subscribed.wait()
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], HEARTBEAT_SECONDS)[0]:
        for lock in locks:
            lock.say(lambda core, now: core.tell_telemetry(now, rssi=-60, temperature=21.5))


if __name__ == "__main__":
    main(int(sys.argv[1]))
