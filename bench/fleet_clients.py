"""Who hears the fleet in the bench besides the collector: a client that counts, an exporter, and locks that wait."""

import subprocess
import threading
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from common.lock_protocol.envelope import Envelope, write_envelope
from common.lock_protocol.topics import COLLECTOR, INGEST_ACK, TELEMETRY, topic_of
from tests.support.broker import PASSWORD
from tests.support.ports import free_port
from tests.support.processes import environment
from tests.support.waiting import wait_for

LOCK_PASSWORD = "a lock's own"
EXPORTER = "mqtt-exporter==1.12.1"


def count(port: int, total: int) -> float:
    """Messages a second of a stock paho client on the same session, that counts."""
    heard, times = 0, [0.0, 0.0]
    is_over = threading.Event()

    def hear(_client: Client, _data: object, _message: MQTTMessage) -> None:
        nonlocal heard
        heard += 1
        if heard == 1:
            times[0] = time.monotonic()
        elif heard == total:
            times[1] = time.monotonic()
            is_over.set()

    client = Client(CallbackAPIVersion.VERSION2, COLLECTOR, clean_session=False, protocol=MQTTv311)
    client.username_pw_set(COLLECTOR, PASSWORD)
    client.on_message = hear
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert is_over.wait(300), heard
    client.disconnect()
    client.loop_stop()
    return total / (times[1] - times[0])


@contextmanager
def run_exporter(folder: Path, broker_port: int) -> Iterator[int]:
    """kpetremann's exporter on the broker, as the collector's account; the port of its page."""
    program = install_exporter(folder / "exporter")
    port = free_port()
    settings = environment(
        MQTT_ADDRESS="127.0.0.1",
        MQTT_PORT=str(broker_port),
        MQTT_USERNAME=COLLECTOR,
        MQTT_PASSWORD=PASSWORD,
        MQTT_CLIENT_ID=COLLECTOR,
        MQTT_TOPIC="smartlock/+/telemetry",
        PROMETHEUS_PORT=str(port),
        LOG_LEVEL="ERROR",
    )
    with (folder / "exporter.log").open("wb") as log:
        process = subprocess.Popen([program, "-m", "mqtt_exporter.main"], env=settings, stdout=log, stderr=log)
        try:
            wait_for(lambda: exported(port) is not None, seconds=30, what="the exporter answers")
            yield port
        finally:
            process.kill()
            process.wait()


def install_exporter(folder: Path) -> Path:
    """The exporter in a virtual environment of its own; its interpreter."""
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", EXPORTER], check=True)
    return folder / "bin" / "python"


def exported(port: int) -> float | None:
    """How many messages the exporter has read; None while it does not answer."""
    try:
        page = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=20).text
    except requests.ConnectionError:
        return None
    return sum(float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith("mqtt_message_total"))


@dataclass
class Asking:
    """A lock that measures, waits for its `ingest/ack`, pauses past the collector's own second, and does so again."""

    port: int
    name: str
    boot: int
    seconds: list[float] = field(default_factory=list)
    _told: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Connect and begin."""
        self._client = Client(CallbackAPIVersion.VERSION2, self.name, protocol=MQTTv311)
        self._client.username_pw_set(self.name, LOCK_PASSWORD)
        self._client.on_message = lambda *_: self._told.set()
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        self._client.subscribe(topic_of(self.name, INGEST_ACK), 1)
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """End."""
        self._over.set()
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        data = {"battery": 87, "rssi": -61, "temperature": 21.5, "uptime": 86400}
        seq = 0
        while not self._over.wait(1.3 if seq else hash(self.name) % 1000 / 1000):
            seq += 1
            self._told.clear()
            began = time.monotonic()
            envelope = Envelope(self.boot, seq, round(time.time() * 1000), "telemetry", data)
            self._client.publish(topic_of(self.name, TELEMETRY), write_envelope(self.name, envelope), 1)
            if self._told.wait(30):
                self.seconds.append(time.monotonic() - began)
