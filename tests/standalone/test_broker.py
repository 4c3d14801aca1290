"""The broker: a password for everybody, and sessions and retained messages that outlive a kill."""

import os
import queue
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from common.broker_accounts import KEY_ITERATIONS, SALT_BYTES, account_line
from standalone.broker import Passwords, accounts_file, make_broker, make_iotcore, make_mosquitto
from standalone.children import wait_until
from standalone.monitoring import find_program
from standalone.program import Program
from tests.support.ports import free_port

CONFIGURATION = Path(__file__).parents[2] / "mosquitto"
PASSWORD = "a-password"
PASSWORDS = Passwords(PASSWORD, "of-the-fleet")
SECONDS = 10.0
KINDS = ["iotcore", *(["mosquitto"] if find_program("mosquitto") else [])]


class Client:
    """A paho client whose answers are waited for."""

    def __init__(self, port: int, user: str | None, password: str | None) -> None:
        self.codes: queue.Queue[ReasonCode] = queue.Queue()
        self.messages: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.granted: queue.Queue[object] = queue.Queue()
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self.paho.username_pw_set(user, password)
        self.paho.on_connect = lambda *told: self.codes.put(told[3])
        self.paho.on_disconnect = lambda *told: self.codes.put(told[3])
        self.paho.on_message = lambda *told: self.messages.put(told[2])
        self.paho.on_subscribe = lambda *told: self.granted.put(told[3])
        self.paho.connect("127.0.0.1", port)
        self.paho.loop_start()

    def subscribe(self, topic: str) -> None:
        self.paho.subscribe(topic, qos=1)
        self.granted.get(timeout=SECONDS)

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


Connect = Callable[[str | None, str | None], Client]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path, port: int) -> Iterator[Program]:
    environment = dict(os.environ)
    if request.param == "mosquitto":
        program = find_program("mosquitto") or ""
        made = make_mosquitto(program, tmp_path, port, PASSWORD, configuration=CONFIGURATION, environment=environment)
    else:
        made = make_iotcore(tmp_path, port, PASSWORDS, environment)
    start(made)
    yield made
    made.stop(SECONDS)


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    clients: list[Client] = []

    def connect_one(user: str | None, password: str | None) -> Client:
        clients.append(Client(port, user, password))
        return clients[-1]

    yield connect_one
    for client in clients:
        client.close()


def start(program: Program) -> None:
    program.launch()
    wait_until(program.is_ready, limit=SECONDS, what="the broker listens")


@pytest.mark.parametrize(
    ("user", "password"),
    [
        pytest.param(None, None, id="anonymous"),
        pytest.param("collector", "wrong", id="wrong password"),
        pytest.param("somebody", PASSWORD, id="unknown user"),
    ],
)
def test_it_refuses_whoever_it_does_not_know(
    broker: Program, connect: Connect, user: str | None, password: str | None
) -> None:
    answer = connect(user, password).codes.get(timeout=SECONDS)
    assert answer.is_failure  # Mosquitto says why; the wheel's broker hangs up without a word
    assert broker.process.poll() is None


@pytest.mark.parametrize("broker", ["iotcore"], indirect=True)
def test_the_wheels_broker_knows_one_account_for_all_locks(broker: Program, connect: Connect) -> None:
    assert not connect("fleet", PASSWORDS.fleet).codes.get(timeout=SECONDS).is_failure
    assert connect("fleet", PASSWORD).codes.get(timeout=SECONDS).is_failure
    assert broker.process.poll() is None


@pytest.mark.parametrize("broker", [kind for kind in KINDS if kind == "mosquitto"], indirect=True)
def test_mosquitto_started_anew_still_knows_the_locks(
    broker: Program, connect: Connect, tmp_path: Path, port: int
) -> None:
    """Also with another password for the collector, which alone is written at a start."""
    broker.stop(SECONDS)
    accounts = accounts_file(tmp_path)
    accounts.write_text(accounts.read_text() + account_line("lock-1", "its own", bytes(SALT_BYTES), KEY_ITERATIONS))
    again = make_mosquitto(
        str(broker.command[0]), tmp_path, port, "another", configuration=CONFIGURATION, environment=dict(os.environ)
    )
    start(again)
    logins = [("lock-1", "its own"), ("collector", "another"), ("collector", PASSWORD)]
    refused = [connect(*login).codes.get(timeout=SECONDS).is_failure for login in logins]
    again.stop(SECONDS)
    assert refused == [False, False, True]


def test_it_serves_the_collector(broker: Program, connect: Connect) -> None:
    collector = connect("collector", PASSWORD)
    assert not collector.codes.get(timeout=SECONDS).is_failure
    collector.subscribe("smartlock/+/events")
    collector.paho.publish("smartlock/a/events", b"opened", qos=1)
    assert collector.messages.get(timeout=SECONDS).payload == b"opened"
    assert broker.process.poll() is None


@pytest.mark.parametrize("broker", [kind for kind in KINDS if kind == "mosquitto"], indirect=True)
def test_a_killed_mosquitto_keeps_what_was_retained(broker: Program, connect: Connect, tmp_path: Path) -> None:
    connect("collector", PASSWORD).paho.publish("smartlock/a/status", b"online", qos=1, retain=True)
    kept = tmp_path / "mosquitto" / "mosquitto.db"
    wait_until(lambda: kept.exists() and b"smartlock/a/status" in kept.read_bytes(), limit=SECONDS, what="it saves")
    os.kill(broker.process.pid, signal.SIGKILL)
    broker.process.wait()
    start(broker)
    collector = connect("collector", PASSWORD)
    collector.subscribe("smartlock/+/status")
    assert collector.messages.get(timeout=SECONDS).payload == b"online"


def test_it_writes_no_password_for_others_to_read(tmp_path: Path, port: int) -> None:
    made = make_broker(tmp_path, port, PASSWORDS, CONFIGURATION, {})
    folder = tmp_path / made.name
    assert {path.stat().st_mode & 0o077 for path in [folder, *folder.iterdir()]} == {0}
