"""What a lock's credentials open at our Mosquitto: its own topics, its own name, and nothing else."""

import queue
import socket
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from common.lock_protocol.topics import CANARY, CHECKER, COLLECTOR, COMMANDS, FROM_LOCKS, INGEST_ACK, topic_of
from tests.support.broker import PASSWORD, Broker, run_broker

OWN, OTHER = "lock-1", "lock-2"
ACCOUNTS = {OWN: "the first one's", OTHER: "the second one's", COLLECTOR: PASSWORD, CHECKER: PASSWORD}
SECONDS = 10.0

NAMES = (OWN, OTHER, COLLECTOR, CHECKER, "nobody", "")
KINDS = (*FROM_LOCKS, COMMANDS, INGEST_ACK, CANARY, "commands/ack/more", "status/more", "")
STRANGE = (
    "$SYS/broker/uptime",
    "$SYS/lock-1",
    "smartlock",
    "/smartlock/lock-1/status",
    "other/lock-1/status",
    "status",
)
TOPICS = frozenset({topic_of(name, kind) for name, kind in product(NAMES, KINDS)} | set(STRANGE))
WRITABLE = {topic_of(OWN, kind) for kind in FROM_LOCKS}
READABLE = {topic_of(OWN, COMMANDS), topic_of(OWN, INGEST_ACK)}
FILTERS = ("#", "+/#", "smartlock/#", "smartlock/+/+", "smartlock/+/commands", "smartlock/lock-2/#", "$SYS/#", "/#")


class Client:
    """A client whose answers are waited for. By MQTT 5 a broker says that it refused; by 3.1.1 it only does."""

    def __init__(
        self,
        broker: Broker,
        user: str,
        *,
        name: str = "",
        version: MQTTProtocolVersion = mqtt.MQTTv5,
        is_clean: bool = True,
        will: str | None = None,
    ) -> None:
        self.answers: queue.Queue[ReasonCode] = queue.Queue()
        self.messages: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.ends: queue.Queue[ReasonCode] = queue.Queue()
        self.welcome: queue.Queue[tuple[Any, ReasonCode]] = queue.Queue()
        self.paho = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            name or user,
            protocol=version,
            clean_session=None if version == mqtt.MQTTv5 else is_clean,
            reconnect_on_failure=False,  # one that was cut would cut the other in turn
        )
        self.paho.username_pw_set(user, ACCOUNTS[user])
        self.paho.on_connect = lambda *told: self.welcome.put((told[2], told[3]))
        self.paho.on_publish = lambda *told: self.answers.put(told[3])
        self.paho.on_subscribe = lambda *told: self.answers.put(told[3][0])
        self.paho.on_message = lambda *told: self.messages.put(told[2])
        self.paho.on_disconnect = lambda *told: self.ends.put(told[3])
        if will:
            self.paho.will_set(will, b"gone", qos=1)
        self.paho.connect("127.0.0.1", broker.port)
        self.paho.loop_start()
        self.flags, self.reason = self.welcome.get(timeout=SECONDS)

    def publish(self, topic: str, payload: bytes = b"said", *, retain: bool = False) -> ReasonCode:
        """The broker's answer to a message."""
        self.paho.publish(topic, payload, qos=1, retain=retain)
        return self.answers.get(timeout=SECONDS)

    def subscribe(self, *topics: str) -> None:
        """Ask for topics; what comes of it shows in the messages."""
        for topic in topics:
            self.paho.subscribe(topic, qos=1)
            self.answers.get(timeout=SECONDS)

    def heard_until(self, end: bytes) -> set[str]:
        """The topics of all messages before the one whose payload is `end`."""
        topics = set()
        while (message := self.messages.get(timeout=SECONDS)).payload != end:
            topics.add(message.topic)
        return topics

    def vanish(self) -> None:
        """Go without a word: the broker tells the will."""
        self.paho.socket().shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # it is connected

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


Connect = Callable[..., Client]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for the module, with two locks."""
    locks = {name: ACCOUNTS[name] for name in (OWN, OTHER)}
    with run_broker(tmp_path_factory.mktemp("broker"), locks) as made:
        yield made


@pytest.fixture
def connect(broker: Broker) -> Iterator[Connect]:
    """Connects clients, and ends them."""
    clients: list[Client] = []

    def make(user: str, **how: Any) -> Client:
        clients.append(Client(broker, user, **how))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def test_a_lock_may_say_what_is_its_own_and_nothing_else(connect: Connect) -> None:
    collector, lock = connect(COLLECTOR), connect(OWN)
    collector.subscribe("smartlock/#")
    accepted = {topic for topic in sorted(TOPICS) if not lock.publish(topic).is_failure}
    assert accepted == WRITABLE
    lock.publish(topic_of(OWN, "events"), b"the end")
    assert collector.heard_until(b"the end") == WRITABLE


def test_a_lock_hears_what_is_for_it_and_nothing_else(connect: Connect) -> None:
    """Also what is retained, and by every pattern that would match more."""
    collector, lock = connect(COLLECTOR), connect(OWN)
    spoken = sorted(topic for topic in TOPICS if topic.startswith("smartlock/"))
    for topic in spoken:
        assert not collector.publish(topic, b"kept", retain=True).is_failure
    lock.subscribe(*FILTERS, *sorted(TOPICS))
    for topic in spoken:
        collector.publish(topic, b"live", retain=True)
    collector.publish(topic_of(OWN, COMMANDS), b"the end")
    assert lock.heard_until(b"the end") == READABLE
    for topic in spoken:
        collector.publish(topic, b"", retain=True)


def test_the_account_that_knocks_hears_only_of_the_broker(connect: Connect) -> None:
    collector, checker = connect(COLLECTOR), connect(CHECKER)
    assert {topic for topic in sorted(TOPICS) if not checker.publish(topic).is_failure} == set()
    collector.publish(topic_of(CHECKER, COMMANDS), b"kept", retain=True)
    checker.subscribe("smartlock/#", "#", topic_of(CHECKER, COMMANDS), "$SYS/broker/version")
    assert checker.messages.get(timeout=SECONDS).topic == "$SYS/broker/version"
    assert checker.messages.empty()
    collector.publish(topic_of(CHECKER, COMMANDS), b"", retain=True)


def test_a_lock_leaves_no_will_in_anothers_name(connect: Connect) -> None:
    collector = connect(COLLECTOR)
    collector.subscribe("smartlock/#")
    for name in (OWN, OTHER):
        connect(OTHER, version=mqtt.MQTTv311, will=topic_of(name, "status")).vanish()
    told = collector.messages.get(timeout=SECONDS)
    assert (told.topic, told.payload) == (topic_of(OTHER, "status"), b"gone")


@pytest.mark.parametrize("name", [OWN, COLLECTOR])
def test_a_lock_takes_nobodys_name(connect: Connect, name: str) -> None:
    """Neither is the other cut, nor does what waits for it come to the thief."""
    connect(OTHER, version=mqtt.MQTTv311).close()  # nothing waits for the thief itself
    waiting = connect(name, version=mqtt.MQTTv311, is_clean=False)
    waiting.subscribe(topic_of(OWN, COMMANDS))
    thief = connect(OTHER, name=name, version=mqtt.MQTTv311, is_clean=False)
    assert not thief.flags.session_present
    assert not waiting.publish(topic_of(OWN, "status"), b"still here").is_failure
    assert waiting.ends.empty()
    waiting.close()
    again = connect(OTHER, name=name, version=mqtt.MQTTv311, is_clean=False)
    publisher = connect(COLLECTOR) if name == OWN else connect(OWN)
    publisher.publish(topic_of(OWN, COMMANDS), b"open")
    again.subscribe(topic_of(OTHER, COMMANDS))
    assert again.messages.empty()
