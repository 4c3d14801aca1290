"""Somebody who got at the broker sends a real lock commands that nobody signed for it, now: it obeys none of them.

The test plays the collector, who alone may write there: it knows the lock's key, and what it signs well is obeyed.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import click
import orjson
import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from common.lock_protocol.commands import Command, read_command, sign, write_command
from common.lock_protocol.envelope import write_ingest_ack
from common.lock_protocol.errors import ProtocolError
from common.lock_protocol.keys import as_text, derive_key
from common.lock_protocol.topics import COLLECTOR, COMMANDS, COMMANDS_ACK, EVENTS, INGEST_ACK, topic_of
from tests.collector.fleet.command_house import Claimed
from tests.support.broker import PASSWORD, Broker, run_broker
from tests.support.fleet_house import BusyLocks
from tests.support.long_runs import IS_LONG
from tests.support.network import LOOPBACK, Network
from tests.support.processes import DEVICE_KEY
from tests.support.waiting import wait_for

HOSTILE = 100_000 if IS_LONG else 2_000
RETAINED = 50 if IS_LONG else 3
SECONDS = 600 if IS_LONG else 30
GOOD = 60  # more than a lock remembers
AHEAD = 1_000
LIFE_MS = 600_000
MINUTE_MS = 60_000
SIGNED = ("command", "command_id", "timestamp", "expires_at", "counter", "params", "signature")
DOOR = Claimed("door", str(UUID(int=1)), "")
OTHER = Claimed("other-door", str(UUID(int=2)), "")

pytestmark = pytest.mark.timeout(2 * SECONDS + 60)

Forge = Callable[[Random], bytes]


def key_of(device: Claimed) -> bytes:
    return derive_key(DEVICE_KEY, "command", UUID(device.id), 1)


def password_of(device: Claimed) -> str:
    return as_text(derive_key(DEVICE_KEY, "mqtt", UUID(device.id), 1))


class Signer:
    """Makes commands to the door as the house does; each has a higher counter than the one before."""

    def __init__(self) -> None:
        self._counter = 0

    def make(self, chance: Random, **changed: Any) -> Command:
        """One that is good now, but for what is changed."""
        self._counter += 1
        now = round(time.time() * 1000)
        name, params = chance.choice((("UNLOCK", "{}"), ("LOCK", "{}"), ("BACKFILL", '{"boot":1,"from":1,"to":2}')))
        good = Command(name, str(uuid4()), now, now + LIFE_MS, None, self._counter, params)
        return replace(good, **changed)


@dataclass
class Player:
    """The collector's part at the broker: it sends, and tells the lock of all it said that it is stored."""

    client: Client
    heard: int = 0

    def send(self, payload: bytes, *, retain: bool = False) -> None:
        """To the door's topic of commands."""
        self.client.publish(topic_of(DOOR.device_id, COMMANDS), payload, qos=1, retain=retain)

    def take(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        """Something that the door said."""
        self.heard += 1
        content = orjson.loads(message.payload)
        told = write_ingest_ack(content["boot"], content["seq"])
        self.client.publish(topic_of(DOOR.device_id, INGEST_ACK), told, qos=1)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """It knows both doors."""
    with run_broker(tmp_path, {one.device_id: password_of(one) for one in (DOOR, OTHER)}) as found:
        yield found


@pytest.fixture
def network(broker: Broker) -> Iterator[Network]:
    """Between door and broker."""
    made = Network(broker.port)
    yield made
    made.cut()


@pytest.fixture
def player(broker: Broker) -> Iterator[Player]:
    """Signed in as the collector."""
    client = Client(CallbackAPIVersion.VERSION2, COLLECTOR, protocol=MQTTv311)
    client.username_pw_set(COLLECTOR, PASSWORD)
    client.max_inflight_messages_set(0)
    made = Player(client)
    client.on_message = made.take
    client.on_connect = lambda *_: client.subscribe([(topic_of("+", kind), 1) for kind in (EVENTS, COMMANDS_ACK)])
    client.connect(LOOPBACK, broker.port)
    client.loop_start()
    yield made
    client.disconnect()
    client.loop_stop()


def test_of_hostile_commands_a_lock_obeys_none(
    player: Player, network: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, signer = Random(6), Signer()
    used = [write_good(signer, chance) for _ in range(GOOD)]
    forges = [partial(forge, signer, used) for forge in (mutated, replayed, crossed, stale, garbled)]
    with BusyLocks(tmp_path, network.url, [DOOR]) as locks:
        locks.await_online()
        for payload in used:
            player.send(payload)
        locks.await_taken(GOOD, SECONDS)
        for number in range(HOSTILE):
            player.send(forges[number % len(forges)](chance))
            if number % AHEAD == AHEAD - 1:
                locks.await_taken(GOOD + number - AHEAD, SECONDS)
        locks.await_taken(GOOD + HOSTILE, SECONDS)
        leave_retained(player, locks, network, lambda: write_good(signer, chance))
        final = write_good(signer, chance)
        player.send(final)
        locks.await_taken(GOOD + HOSTILE + RETAINED + 2, SECONDS)
    taken = locks.ledger[DOOR.device_id]["taken"]
    found = Counter((verdict, reason) for _, verdict, reason, *_ in taken)
    if IS_LONG:
        with capsys.disabled():
            click.echo(f"\nhostile commands: {found}")
    obeyed = [command for command, verdict, *_ in taken if verdict in ("executed", "failed", "rejected")]
    assert obeyed == [orjson.loads(payload)["command_id"] for payload in (*used, final)]
    assert len(taken) == GOOD + HOSTILE + RETAINED + 2  # the broker's forgetting of the last retained one is one, too
    assert found["refused", "retained"] == RETAINED
    assert min(found["refused", reason] for reason in ("signature", "malformed", "expired")) > HOSTILE / 10
    assert found["duplicate", "succeeded"] + found["refused", "replayed"] == HOSTILE / len(forges)
    assert found["refused", "replayed"] > 0


def leave_retained(player: Player, locks: BusyLocks, network: Network, write: Callable[[], bytes]) -> None:
    """Good commands that the broker keeps for a lock that is away, and gives it when it comes back."""
    for number in range(RETAINED):
        network.cut()
        wait_for(lambda: locks.standing["online"] == 0, what="the lock is away")
        player.send(write(), retain=True)
        network.mend()
        locks.await_taken(GOOD + HOSTILE + number + 1, SECONDS)
    player.send(b"", retain=True)
    locks.await_online()


def write_good(signer: Signer, chance: Random) -> bytes:
    return write_command(key_of(DOOR), DOOR.device_id, replace(signer.make(chance), command="LOCK", params="{}"))


def mutated(signer: Signer, _: list[bytes], chance: Random) -> bytes:
    """A good command, nowhere seen before, of which one thing was changed on its way."""
    content = orjson.loads(write_command(key_of(DOOR), DOOR.device_id, signer.make(chance)))
    name = chance.choice(SIGNED)
    before = content[name]
    if isinstance(before, int):
        content[name] = before + chance.choice((-1, 1, 1000))
    elif name == "command":
        content[name] = chance.choice([other for other in ("LOCK", "UNLOCK", "REBOOT") if other != before])
    elif name == "command_id":
        content[name] = str(uuid4())
    elif name == "params":
        content[name] = before + " "
    else:
        place = chance.randrange(len(before))
        content[name] = before[:place] + chance.choice("ghij") + before[place + 1 :]
    return orjson.dumps(content)


def replayed(_signer: Signer, used: list[bytes], chance: Random) -> bytes:
    """One that it obeyed, of late or longer ago than it can tell."""
    return chance.choice(used)


def crossed(signer: Signer, _: list[bytes], chance: Random) -> bytes:
    """Good, but for another lock: by its key, by its name, or by both."""
    command = signer.make(chance)
    key, name = chance.choice(
        ((key_of(OTHER), OTHER.device_id), (key_of(DOOR), OTHER.device_id), (key_of(OTHER), DOOR.device_id))
    )
    return write_command(key, name, command)


def stale(signer: Signer, _: list[bytes], chance: Random) -> bytes:
    """Well signed, and over, or not yet."""
    now = round(time.time() * 1000)
    if chance.random() < 0.5:
        ended = now - chance.randrange(1, 10**9)
        return write_command(
            key_of(DOOR), DOOR.device_id, signer.make(chance, timestamp=ended - LIFE_MS, expires_at=ended)
        )
    begins = now + MINUTE_MS + chance.randrange(10**9)
    return write_command(
        key_of(DOOR), DOOR.device_id, signer.make(chance, timestamp=begins, expires_at=begins + LIFE_MS)
    )


def garbled(signer: Signer, used: list[bytes], chance: Random) -> bytes:
    """A good command with bytes that the wire ate or made, so that it is another, or none."""
    good = write_command(key_of(DOOR), DOOR.device_id, signer.make(chance))
    while True:
        payload = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(len(payload))
            payload[place : place + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 2))
        if says(bytes(payload)) != says(good):
            return bytes(payload)


def says(payload: bytes) -> Any:
    """All of a command that is signed; None when it cannot be read."""
    try:
        command, signature = read_command(payload)
    except ProtocolError:
        return None
    return sign(b"", "", command), signature
