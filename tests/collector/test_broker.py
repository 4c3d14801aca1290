"""Knocking at a broker: a real one, a wrong password, one that is not there, one that says nothing."""

import os
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.broker import OWN_FIGURES, knock
from collector.errors import BrokerError
from collector.job import Context
from collector.jobs import check_broker
from standalone.broker import Passwords, make_broker, make_iotcore
from tests.collector.conftest import NOW
from tests.collector.daemons import LOOPBACK, Daemon
from tests.support.ports import free_port
from tests.support.processes import HOUSE
from tests.support.waiting import wait_for

PASSWORDS = Passwords(collector="a-pass/word", fleet="of-the-fleet")


@pytest.fixture
def broker_port(tmp_path: Path) -> Iterator[int]:
    """A broker that knows the collector."""
    port = free_port()
    broker = make_broker(tmp_path, port, PASSWORDS, HOUSE / "mosquitto", dict(os.environ))
    broker.launch()
    wait_for(broker.is_ready, what="the broker")
    yield port
    broker.stop(5)


def test_it_measures_a_broker_that_lets_us_in_and_hears_what_it_says_of_itself(broker_port: int) -> None:
    seconds, figures = knock(f"mqtt://collector:a-pass%2Fword@{LOOPBACK}:{broker_port}", 3)
    assert 0 < seconds < 3
    assert set(figures) == set(OWN_FIGURES.values())
    assert figures["clients"] >= 0


def test_a_broker_without_figures_is_a_broker(tmp_path: Path) -> None:
    port = free_port()
    broker = make_iotcore(tmp_path, port, PASSWORDS, dict(os.environ))
    broker.launch()
    wait_for(broker.is_ready, what="the broker")
    seconds, figures = knock(f"mqtt://collector:a-pass%2Fword@{LOOPBACK}:{port}", 3)
    broker.stop(5)
    assert 0 < seconds < 3
    assert figures == {}


@pytest.mark.parametrize("login", ["collector:wrong@", "stranger:a-pass%2Fword@", ""])
def test_it_tells_of_a_broker_that_does_not(broker_port: int, login: str) -> None:
    with pytest.raises(BrokerError):
        knock(f"mqtt://{login}{LOOPBACK}:{broker_port}", 3)


def test_it_tells_of_a_broker_that_is_not_there() -> None:
    with pytest.raises(BrokerError, match="refused"):
        knock(f"mqtt://{LOOPBACK}:{free_port()}", 3)


def test_it_waits_no_longer_than_its_limit() -> None:
    with socket.create_server((LOOPBACK, 0)) as silent, pytest.raises(BrokerError, match=r"no answer within 0\.3 s"):
        knock(f"mqtt://{LOOPBACK}:{silent.getsockname()[1]}", 0.3)


def test_the_daemon_stores_what_it_found(start: Callable[..., Daemon], database: Any, broker_port: int) -> None:
    daemon = start(MQTT_URL=f"mqtt://collector:a-pass%2Fword@{LOOPBACK}:{broker_port}")
    daemon.wait(lambda: daemon.sample("watchhouse_broker_up") == 1, "the broker is up")
    state = "SELECT is_up, latency_seconds > 0 FROM service_states WHERE service = 'broker'"
    daemon.wait(lambda: database.rows(state) == [(True, True)], "a row")
    assert daemon.sample("watchhouse_broker_latency_seconds") > 0


def test_the_daemon_stores_that_it_is_away(start: Callable[..., Daemon], database: Any) -> None:
    daemon = start(MQTT_URL=f"mqtt://collector:secret@{LOOPBACK}:{free_port()}")
    state = "SELECT is_up, error, failures FROM service_states WHERE service = 'broker'"
    daemon.wait(lambda: len(database.rows(state)) == 1, "a row")
    is_up, error, failures = database.rows(state)[0]
    assert (is_up, failures) == (False, 1)
    assert "refused" in error
    assert "secret" not in error


def test_what_the_broker_counts_is_kept_as_rates(context_for: Callable[..., Context[Any]]) -> None:
    moments = (NOW + timedelta(seconds=seconds) for seconds in (0, 10))
    context = context_for(check_broker.JOB, lambda: next(moments))
    for told in ({"clients": 3, "messages_received": 100}, {"messages_received": 110}):
        check_broker.note(context, check_broker.Finding(True, 0.002, None, told))
    context.figures.close(NOW + timedelta(minutes=5))
    assert context.figures.minutes[0].means == {
        ("broker", "latency_ms"): 2,
        ("broker", "clients"): 3,
        ("broker", "messages_received_per_minute"): 60,
    }
