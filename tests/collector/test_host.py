"""The host in figures: differences of readings, means of minutes, and minutes that wait for the database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.host import Reading, Sample, minutes_of, sample_between, traffic
from collector.job import Context
from collector.jobs import sample_host, store_host
from tests.collector.conftest import NOW, START

SAMPLE = sample_between(START, replace(START, cpu_busy=110, cpu_total=1040))
counts = st.integers(min_value=0, max_value=2**63)
seconds = st.floats(min_value=0, max_value=1e9)

DEVICES = """Inter-|   Receive  |  Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo:  900 1 0 0 0 0 0 0  900 1 0 0 0 0 0 0
  eth0: 70 2 0 0 0 0 0 0 30 4 0 0 0 0 0 0
 wlan0:5 2 0 0 0 0 0 0 2 4 0 0 0 0 0 0
"""


def at(second: int, **changes: Any) -> Sample:
    """A sample some seconds into NOW's minute."""
    return replace(SAMPLE, at=NOW.replace(second=0) + timedelta(seconds=second), **changes)


readings = st.builds(replace, st.just(START), cpu_busy=seconds, cpu_total=seconds, sent_bytes=counts)


@given(readings, readings)
def test_a_sample_is_within_its_bounds_whatever_the_counters_did(before: Reading, after: Reading) -> None:
    sample = sample_between(before, after)
    assert 0 <= sample.cpu_percent <= 100
    assert sample.sent_bytes == max(after.sent_bytes - before.sent_bytes, 0)


def test_a_sample_is_the_share_of_time_between_two_readings() -> None:
    assert SAMPLE.cpu_percent == 25
    assert SAMPLE.memory_percent == 25


def test_traffic_is_that_of_all_devices_but_loopback() -> None:
    assert traffic(DEVICES) == (32, 75)


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 10**9)), min_size=1))
def test_minutes_hold_every_sample_and_every_byte(taken: list[tuple[int, int]]) -> None:
    minutes = minutes_of(at(second, sent_bytes=sent) for second, sent in taken)
    assert sum(minute.samples for minute in minutes) == len(taken)
    assert sum(minute.network_sent_bytes for minute in minutes) == sum(sent for _, sent in taken)
    assert [minute.at for minute in minutes] == sorted({minute.at for minute in minutes})
    assert {minute.at.second for minute in minutes} == {0}


def test_a_minute_is_the_mean_of_its_samples() -> None:
    [minute] = minutes_of(
        [
            at(1, cpu_percent=10.0, memory_used=1024**2),
            at(59, cpu_percent=30.0, memory_used=3 * 1024**2),
        ]
    )
    assert (minute.cpu_percent, minute.memory_mb, minute.samples) == (20.0, 2.0, 2)


def today(second: int) -> datetime:
    """A moment for which there is a partition."""
    return datetime.now(UTC).replace(hour=12, minute=0, second=second, microsecond=0)


def test_only_minutes_that_are_over_are_stored(context_for: Callable[..., Context[Any]], database: Any) -> None:
    context = context_for(store_host.JOB, lambda: today(59) + timedelta(seconds=31))
    context.host.samples = [replace(SAMPLE, at=today(59)), replace(SAMPLE, at=today(59) + timedelta(seconds=20))]
    store_host.run(context)
    assert database.rows("SELECT at, samples, cpu_percent FROM host_metrics") == [(today(0), 1, 25)]
    assert len(context.host.samples) == 1


def test_minutes_wait_while_the_database_is_away(context_for: Callable[..., Context[Any]], database: Any) -> None:
    context = context_for(store_host.JOB, lambda: today(0) + timedelta(minutes=9))
    context.host.samples = [replace(SAMPLE, at=today(0) + timedelta(minutes=minute)) for minute in range(3)]
    database.rows("REVOKE ALL ON host_metrics FROM watchhouse_collector")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        store_host.run(context)
    database.rows("GRANT SELECT, INSERT, UPDATE ON host_metrics TO watchhouse_collector")
    store_host.run(context)
    store_host.run(context)
    assert database.rows("SELECT count(*), sum(samples) FROM host_metrics") == [(3, 3)]


def test_what_waits_is_bounded(context_for: Callable[..., Context[Any]]) -> None:
    memory = context_for(store_host.JOB).host
    for hour in range(30):
        memory.samples = [replace(SAMPLE, at=NOW + timedelta(hours=hour, minutes=minute)) for minute in range(60)]
        store_host.close_minutes(memory, NOW + timedelta(hours=hour + 1))
    assert len(memory.minutes) == 24 * 60
    assert memory.minutes[0].at == NOW.replace(second=0) + timedelta(hours=6)


def test_a_start_within_the_minute_adds_to_its_mean(context_for: Callable[..., Context[Any]], database: Any) -> None:
    for cpu in (10.0, 40.0):
        context = context_for(store_host.JOB, lambda: today(50))
        context.host.samples = [replace(SAMPLE, at=today(20), cpu_percent=cpu, sent_bytes=5)]
        store_host.store_rest(context)
    assert database.rows("SELECT samples, cpu_percent, network_sent_bytes FROM host_metrics") == [(2, 25, 10)]


def test_sampling_keeps_at_most_ten_minutes(context_for: Callable[..., Context[Any]]) -> None:
    context = context_for(sample_host.JOB)
    for _ in range(70):
        sample_host.run(context)
    assert len(context.host.samples) == 60
