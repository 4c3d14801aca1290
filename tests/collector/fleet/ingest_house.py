"""A fleet in this process on a real broker and a committed database, and locks whose every word the test chooses."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import prometheus_client.values
import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client import CollectorRegistry

from collector.fleet.fleet import Fleet
from collector.fleet.inbox import Inbox
from collector.fleet.memory import FleetMemory
from collector.settings import read_settings
from common.lock_protocol.envelope import Envelope, Status, read_ingest_ack, write_envelope, write_status
from common.lock_protocol.topics import COMMANDS_ACK, EVENTS, INGEST_ACK, STATE, STATUS, TELEMETRY, topic_of
from tests.collector.fleet.command_house import CLAIM
from tests.support.broker import Broker, run_broker
from tests.support.databases import Database
from tests.support.waiting import wait_for

LOCKS = {f"door-{number}": "a lock's own password" for number in range(60)}
CALM = {"battery": 80, "rssi": -60, "temperature": 21.5, "uptime": 60}
SHUT = {
    "locked": True, "door": "closed", "battery": 80, "firmware": "1.0.0", "jammed": False, "codes_version": 0,
    "codes_hash": "",
}  # fmt: skip


@dataclass
class Voice:
    """A lock: its row, and a connection on which it says what it is told to say."""

    device_id: str
    id: str
    owner: str
    port: int
    told: list[tuple[int, int]] = field(default_factory=list)
    _client: Client | None = None

    def connect(self) -> None:
        """Sign in, and listen for what is stored."""
        client = Client(CallbackAPIVersion.VERSION2, self.device_id, clean_session=True, protocol=MQTTv311)
        client.username_pw_set(self.device_id, LOCKS[self.device_id])
        client.on_message = self._hear
        heard = threading.Event()
        client.on_subscribe = lambda *_: heard.set()
        client.on_connect = lambda *_: client.subscribe(topic_of(self.device_id, INGEST_ACK), 1)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        assert heard.wait(5)
        self._client = client

    def leave(self) -> None:
        """Take leave."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def publish(self, kind: str, payload: bytes, *, retain: bool = False) -> None:
        """Say anything; the broker has it afterwards."""
        self.send(kind, payload, retain=retain).wait_for_publish(5)

    def send(self, kind: str, payload: bytes, *, retain: bool = False) -> MQTTMessageInfo:
        """Say anything, and wait for nobody."""
        if self._client is None:
            self.connect()
        assert self._client is not None
        return self._client.publish(topic_of(self.device_id, kind), payload, qos=1, retain=retain)

    def await_end(self) -> None:
        """Until the broker has hung up."""
        client = self._client
        assert client is not None
        wait_for(lambda: not client.is_connected(), what="the broker hung up")
        self.leave()

    def say(self, kind: str, boot: int, seq: int, type_: str, data: Any, *, retain: bool = False) -> None:
        """Say something in an envelope."""
        content = Envelope(boot, seq, round(time.time() * 1000), type_, data)
        self.publish(kind, write_envelope(self.device_id, content), retain=retain)

    def measure(self, boot: int, seq: int, **data: Any) -> None:
        """Telemetry."""
        self.say(TELEMETRY, boot, seq, "telemetry", CALM | data)

    def stand(self, boot: int, seq: int, *, retain: bool = True, **data: Any) -> None:
        """State."""
        self.say(STATE, boot, seq, "state", SHUT | data, retain=retain)

    def tell(self, boot: int, seq: int, type_: str, **data: Any) -> None:
        """An event."""
        self.say(EVENTS, boot, seq, type_, data)

    def answer(self, boot: int, seq: int, **data: Any) -> None:
        """A word on a command."""
        self.say(COMMANDS_ACK, boot, seq, "ack", data)

    def call(self, state: str, boot: int, conn: int, *, retain: bool = True) -> None:
        """Status."""
        self.publish(STATUS, write_status(Status(state == "online", boot, conn)), retain=retain)

    def _hear(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self.told.append(read_ingest_ack(message.payload))


@dataclass
class IngestHouse:
    """Database and broker of a module's tests, and the fleet that is between them."""

    database: Database
    broker: Broker
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    memory: FleetMemory = field(default_factory=FleetMemory)
    voices: list[Voice] = field(default_factory=list)
    fleet: Fleet | None = None
    names: Iterator[str] = field(default_factory=lambda: itertools.cycle(LOCKS))

    def claim(self) -> Voice:
        """A lock that nobody used before."""
        name = next(self.names)
        [(row, owner, _)] = self.database.rows(CLAIM, f"{name}@example.com", name)
        voice = Voice(name, row, owner, self.broker.port)
        self.voices.append(voice)
        return voice

    @contextmanager
    def run_fleet(self, inbox: Inbox | None = None) -> Iterator[Fleet]:
        """The fleet, once it hears; stopped in the end."""
        settings = read_settings(
            {"WATCHHOUSE_DEMO": "1", "DATABASE_URL": self.database.collector_url, "MQTT_URL": self.broker.url}
        )
        self.registry, self.memory = CollectorRegistry(), FleetMemory()
        fleet = Fleet(settings, self.registry, lambda: None, self.memory, inbox)
        self.fleet = fleet
        fleet.start()
        try:
            wait_for(lambda: self.memory.is_listening, what="the fleet is heard")
            yield fleet
        finally:
            fleet.stop()
            assert not fleet.has_died

    def notify_devices(self) -> None:
        """What the daemon does at a NOTIFY."""
        assert self.fleet is not None
        self.fleet.calls["devices"]()

    def sample(self, name: str, **labels: str) -> float:
        """What a scraper would see."""
        return self.registry.get_sample_value(f"watchhouse_fleet_{name}", labels) or 0.0

    def seen(self, voice: Voice) -> dict[int, str]:
        """By boot which numbers are stored."""
        rows = self.database.rows("SELECT boot, seen::text FROM device_boots WHERE device_id = %s", voice.id)
        return dict(rows)

    def await_seen(self, voice: Voice, boot: int, ranges: str) -> None:
        """Until these numbers of a boot are stored."""
        wait_for(lambda: self.seen(voice).get(boot) == ranges, what=f"{ranges} of boot {boot}")

    def state(self, voice: Voice, *columns: str) -> Any:
        """What is known of a lock."""
        [row] = self.database.rows(f"SELECT {', '.join(columns)} FROM device_states WHERE device_id = %s", voice.id)
        return row if len(columns) > 1 else row[0]

    def measured(self, voice: Voice) -> list[tuple[int, int]]:
        """Boot and number of each stored telemetry."""
        return self.database.rows(
            "SELECT boot, seq FROM device_telemetry WHERE device_id = %s ORDER BY boot, seq", voice.id
        )

    def log(self, voice: Voice) -> list[str]:
        """The types of a lock's entries, in their order."""
        rows = self.database.rows("SELECT event_type FROM device_logs WHERE device_id = %s ORDER BY position", voice.id)
        return [event_type for (event_type,) in rows]

    def letters(self, voice: Voice) -> list[tuple[str, int]]:
        """Reason and length of each dead letter on a lock's topics."""
        return self.database.rows(
            "SELECT reason, payload_bytes FROM dead_letters WHERE topic LIKE %s ORDER BY id",
            f"smartlock/{voice.device_id}/%",
        )

    def leave(self) -> None:
        """All locks take leave."""
        for voice in self.voices:
            voice.leave()
        self.voices.clear()


@contextmanager
def open_house(database: Database, folder: Path) -> Iterator[IngestHouse]:
    """A broker that knows LOCKS, and metrics of one process, though auth's may be of many."""
    with pytest.MonkeyPatch.context() as patch, run_broker(folder, LOCKS) as broker:
        patch.setattr(prometheus_client.values, "ValueClass", prometheus_client.values.MutexValue)
        house = IngestHouse(database, broker)
        try:
            yield house
        finally:
            house.leave()
