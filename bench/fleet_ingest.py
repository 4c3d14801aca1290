"""Messages of locks through broker and collector into the database, beside clients that only count or only export.

All on this machine, broker and database too. A backlog is queued while nobody listens, then drained: by a stock paho
client that counts, and by a real collector, which commits before it acknowledges. kpetremann's exporter cannot have a
backlog (it listens at QoS 0), so it is given the same messages live. Then 10,000 messages a second, and what becomes of
a lock that says something and waits for `ingest/ack`; then a long backlog. BENCH_LONG=300 paces for five minutes.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import psutil

from bench.fleet_clients import LOCK_PASSWORD, Asking, count, exported, run_exporter
from bench.report import Figure, at_least, at_most
from bench.stage import open_database
from tests.collector.daemons import Daemon
from tests.support.broker import Broker, run_broker
from tests.support.databases import Database
from tests.support.waiting import wait_for

LOCKS = 500
PROBES = 40
EACH = 300  # 150,000 in all
ROUNDS = 2
LIVE_EACH = 100
PACE = 10_000
PACED_SECONDS = int(os.environ.get("BENCH_LONG", "30"))
LONG_EACH = 1200  # 600,000 in all
STORED = "SELECT coalesce(sum(upper(ranges) - lower(ranges)), 0) FROM device_boots CROSS JOIN unnest(seen) AS ranges"
CLAIM = """WITH owner AS (
    INSERT INTO app_users (email, password_hash) VALUES ('fleet@example.com', 'none') RETURNING id
), device AS (
    INSERT INTO devices (device_id, name, owner_id)
    SELECT name, name, owner.id FROM owner CROSS JOIN unnest(%s) AS name RETURNING id
), state AS (
    INSERT INTO device_states (device_id) SELECT id FROM device
)
INSERT INTO device_chains (device_id, head) SELECT id, '' FROM device"""


def measure(folder: Path) -> list[Figure]:
    """Every ratio of one run, in one house."""
    names = [f"lock-{number}" for number in range(LOCKS)]
    probes = [f"probe-{number}" for number in range(PROBES)]
    accounts = dict.fromkeys([*names, *probes], LOCK_PASSWORD)
    with open_database(folder) as database, run_broker(folder, accounts) as broker:
        database.rows(CLAIM, list(accounts))
        house = House(folder, database, broker, names)
        begin_sessions(house)
        counted, stored = zip(*[compare(house) for _ in range(ROUNDS)], strict=True)
        exported = export(house)
        paced = pace(house, probes)
        seconds, memory = drain_long(house)
    ours = min(stored)
    print(f"     counting {max(counted):,.0f} msg/s, storing {ours:,.0f}, exporting {exported:,.0f}")
    bare = min(one / other for one, other in zip(stored, counted, strict=True))
    return [
        at_least("stored and committed: of a paho client that only counts, msg/s", bare, 0.7),
        at_least("stored and committed: of mqtt-exporter at its own duty, msg/s", ours / exported, 2),
        at_least(f"{PACE:,} msg/s for {PACED_SECONDS} s: of that stored by its end", paced.share, 0.99),
        at_most("publish to committed and told, p99", paced.p99_ms, 500, "ms"),
        at_most(f"a backlog of {LOCKS * LONG_EACH:,} is drained", seconds, 60, "s"),
        at_most("the collector's memory meanwhile", memory, 300, "MB"),
    ]


@dataclass
class House:
    """Where everything is; `boot` rises with each round, so that numbers are new."""

    folder: Path
    database: Database
    broker: Broker
    names: list[str]
    boot: int = 0

    @contextmanager
    def speak(self) -> Iterator[Callable[[int, float], float]]:
        """A process of locks: a function that sends so many each, at so many a second, and tells how long it took."""
        self.boot += 1
        order = {
            "port": self.broker.port,
            "boot": self.boot,
            "devices": [[name, LOCK_PASSWORD] for name in self.names],
        }
        with subprocess.Popen(
            [sys.executable, "-m", "bench.fleet_publisher"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None

            def ask(line: object) -> str:
                process.stdin.write(json.dumps(line) + "\n")  # type: ignore[union-attr]  # as asserted
                process.stdin.flush()  # type: ignore[union-attr]
                return process.stdout.readline()  # type: ignore[union-attr]

            assert ask(order) == "ready\n"
            yield lambda each, a_second: float(json.loads(ask({"each": each, "a_second": a_second}))["seconds"])
            process.stdin.close()

    @contextmanager
    def collect(self) -> Iterator[Daemon]:
        """A real collector; stopped in order."""
        daemon = Daemon(
            self.folder / "collector.log",
            "bench",
            DATABASE_URL=self.database.collector_url,
            MQTT_URL=self.broker.url,
            LOG_LEVEL="ERROR",
        )
        try:
            yield daemon
            daemon.stop()
        finally:
            daemon.kill()

    def rows(self) -> int:
        """How many messages are stored."""
        return int(self.database.one(STORED))


def begin_sessions(house: House) -> None:
    """The collector's session at the broker, under which messages wait for it."""
    with house.collect() as daemon:
        daemon.await_health()
        daemon.wait(lambda: daemon.sample("watchhouse_fleet_connected") == 1, "the collector is connected")


def compare(house: House) -> tuple[float, float]:
    """Messages a second of a backlog: counted by a stock client, then another one stored by the collector."""
    with house.speak() as speak:
        speak(EACH, 0)
        counted = count(house.broker.port, LOCKS * EACH)
    with house.speak() as speak:
        before = house.rows()
        speak(EACH, 0)
        with house.collect():
            return counted, rate_of(house, before, LOCKS * EACH)


def rate_of(house: House, before: int, total: int) -> float:
    """Messages a second from the first that is seen stored to the last."""
    begin = wait_for(lambda: house.rows() - before, seconds=60, what="it begins")
    began = time.monotonic()
    wait_for(lambda: house.rows() - before >= total, seconds=300, what="all is stored")
    return (total - begin) / (time.monotonic() - began)


def export(house: House) -> float:
    """Messages a second that kpetremann's exporter reads into gauges, while they are poured at it."""
    with house.speak() as speak, run_exporter(house.folder, house.broker.port) as port:
        speak(1, 0)
        wait_for(lambda: (exported(port) or 0) >= LOCKS, seconds=30, what="it hears")
        began = time.monotonic()
        speak(LIVE_EACH, 0)
        wait_for(lambda: (exported(port) or 0) >= LOCKS * (LIVE_EACH + 1), seconds=300, what="it has read all")
        return LOCKS * LIVE_EACH / (time.monotonic() - began)


@dataclass
class Paced:
    """What a steady stream came to."""

    share: float
    p99_ms: float


def pace(house: House, probes: list[str]) -> Paced:
    """A steady stream, and locks beside it that say one thing and wait until they are told that it is stored."""
    with house.speak() as speak, house.collect() as daemon:
        daemon.wait(lambda: daemon.sample("watchhouse_fleet_connected") == 1, "connected", limit=30)
        speak(4, 0)
        asking = [Asking(house.broker.port, name, house.boot) for name in probes]
        for one in asking:
            one.start()
        before, each = house.rows(), PACE * PACED_SECONDS // LOCKS
        took = speak(each, PACE)
        said = sum(len(one.seconds) for one in asking)
        stored = house.rows() - before - said
        for one in asking:
            one.stop()
    seconds = [second for one in asking for second in one.seconds]
    cuts = quantiles(seconds, n=100)
    print(f"     {each * LOCKS / took:,.0f} msg/s paced")
    print(f"     told after {cuts[49] * 1000:.0f} ms at the median of {len(seconds)} times")
    return Paced(stored / (each * LOCKS), cuts[98] * 1000)


def drain_long(house: House) -> tuple[float, float]:
    """Seconds in which a real collector stores what came while it was away, and the most memory it took, in MB."""
    before, total = house.rows(), LOCKS * LONG_EACH
    with house.speak() as speak:
        speak(LONG_EACH, 0)
    with house.collect() as daemon:
        process, most = psutil.Process(daemon.process.pid), 0
        wait_for(lambda: house.rows() - before, seconds=60, what="it begins")
        began = time.monotonic()

        def is_done() -> bool:
            nonlocal most
            most = max(most, process.memory_info().rss)
            return house.rows() - before >= total

        wait_for(is_done, seconds=300, what="all is stored")
        return time.monotonic() - began, most / 1e6
