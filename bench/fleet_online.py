"""How many simulated locks are online at once, in one process, at a real broker with a real collector."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import psutil

from bench.many_locks import raise_file_limit
from bench.report import Figure, at_least, at_most
from bench.stage import open_database
from common.lock_protocol.keys import as_text, derive_key
from tests.support.broker import run_broker
from tests.support.databases import Database
from tests.support.processes import environment, start_collector
from tests.support.waiting import wait_for

LOCKS = 5_000
DEVICE_KEY = "the bench's own key of devices, as long as it must be"
STAY_SECONDS = 60.0
CLAIM = """
    WITH owner AS (
        INSERT INTO app_users (email, password_hash) VALUES ('owner@example.com', 'none') RETURNING id
    ), claimed AS (
        INSERT INTO devices (id, device_id, name, owner_id)
        SELECT gen_random_uuid(), 'lock-' || number, 'Lock', owner.id FROM owner, generate_series(1, %s) AS number
        RETURNING id, device_id
    ), states AS (
        INSERT INTO device_states (device_id) SELECT id FROM claimed
    ), chains AS (
        INSERT INTO device_chains (device_id, length, head) SELECT id, 0, '' FROM claimed
    ), brakes AS (
        INSERT INTO code_brakes (device_id) SELECT id FROM claimed
    )
    SELECT id::text, device_id FROM claimed
"""
ONLINE = "SELECT count(*) FROM device_states WHERE is_online_now(is_online, last_seen_at)"


def measure(folder: Path) -> list[Figure]:
    """Locks that the collector knew to be online all through a minute, and the megabytes of their process."""
    raise_file_limit(2 * LOCKS + 500)
    with open_database(folder) as database, run_broker(folder) as broker:
        locks = [_as_told(UUID(row), name) for row, name in database.rows(CLAIM, LOCKS)]
        collector = start_collector(database, folder, DEVICE_KEY=DEVICE_KEY, **broker.settings)
        try:
            with _living(broker.public_url, folder, locks) as process:
                started = monotonic()
                wait_for(lambda: database.one(ONLINE) == LOCKS, seconds=120, what="all are online")
                seconds = monotonic() - started
                least = _least_online(database, STAY_SECONDS)
                memory = psutil.Process(process.pid).memory_info().rss / 1e6
                served = psutil.Process(collector.process.pid).memory_info().rss / 1e6
        finally:
            collector.stop()
    print(f"     all online after {seconds:.1f} s; the collector holds {served:.0f} MB")
    return [
        at_least(f"online at once, the fewest in {STAY_SECONDS:.0f} s", least, LOCKS, ""),
        at_most("memory of the locks' process", memory, 600, "MB"),
    ]


def _as_told(row: UUID, device_id: str) -> dict[str, str]:
    """What the claim would have told the lock."""
    password = as_text(derive_key(DEVICE_KEY, "mqtt", row, 1))
    return {
        "device_id": device_id,
        "password": password,
        "command_key": derive_key(DEVICE_KEY, "command", row, 1).hex(),
    }


@contextmanager
def _living(url: str, folder: Path, locks: list[dict[str, str]]) -> Iterator["subprocess.Popen[Any]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.many_locks", url, str(folder / "locks.sqlite")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=environment(),
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(locks).encode())
    process.stdin.close()
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _least_online(database: Database, seconds: float) -> int:
    """The fewest that were online at any look within a span."""
    seen = [LOCKS]
    end = monotonic() + seconds

    def is_over() -> bool:
        seen.append(database.one(ONLINE))
        return monotonic() >= end

    wait_for(is_over, seconds=seconds + 30)
    return min(seen)
