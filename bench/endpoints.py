"""A whole collector under load: lateness and records of 5,000 endpoints, a restart, checks a second, a day dropped."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg2

from bench.probes import open_nginx
from bench.report import Figure, at_least, at_most
from bench.stage import open_database
from tests.collector.daemons import Daemon
from tests.collector.watching import UNEVEN
from tests.support.databases import Database
from tests.support.waiting import wait_for

ENDPOINTS = 5000
INTERVAL = 10
HANGING = 10  # every tenth
TIMEOUT = 5
SECONDS = 20
SCRAPED_EVERY = 15
MOST = 16_500  # endpoints at 5 s: 3,300 a second
MOST_INTERVAL = 5
MOST_SECONDS = 15
DAY_ROWS = 1_500_000
SETTINGS = {
    "PROBE_ALLOW": "127.0.0.0/8",
    "PROBES_AT_ONCE": "2000",
    "PROBES_PER_HOST": "2000",
    "LOG_LEVEL": "ERROR",
}

MAKE = """
    INSERT INTO endpoints (name, url, interval_seconds, timeout_seconds, retries)
    SELECT 'endpoint ' || n, CASE WHEN n %% %s = 0 THEN %s ELSE %s END, %s, %s, 0 FROM generate_series(1, %s) AS n
"""
LATENESS = """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late) * 1000,
        percentile_cont(0.99) WITHIN GROUP (ORDER BY late) * 1000, count(*)
    FROM (
        SELECT extract(epoch FROM started_at - slot)::float8 AS late FROM checks
        WHERE slot >= %s AND slot < %s AND outcome <> 'missed'
    ) AS begun
"""
MISSED = "SELECT reason, sum(slots)::int FROM checks WHERE outcome = 'missed' AND slot >= %s GROUP BY 1 ORDER BY 1"
BUSIEST = """
    SELECT max(begun) FROM (
        SELECT count(*) AS begun FROM checks WHERE started_at >= %s AND outcome <> 'missed'
        GROUP BY floor(extract(epoch FROM started_at - %s))
    ) AS seconds
"""
SEEN = "SELECT count(*) FROM endpoint_states"
RESULTS = "SELECT count(*) FROM checks WHERE outcome <> 'missed'"
UNSEEN_SINCE = """
    SELECT count(*) FROM endpoints e
    WHERE NOT EXISTS (SELECT FROM checks c WHERE c.endpoint_id = e.id AND c.started_at > %s)
"""
LAST_AGAIN = """
    SELECT max(extract(epoch FROM first - %s))::float8
    FROM (SELECT min(started_at) AS first FROM checks WHERE started_at > %s GROUP BY endpoint_id) AS again
"""
FILL = """
    INSERT INTO checks (endpoint_id, slot, outcome, started_at, duration_ms, collector)
    SELECT 1, day + n * interval '0.05 s', 'operational', day, 1, 'bench'
    FROM generate_series(1, %s) AS n, (SELECT date_trunc('day', now()) - interval '1 day' AS day) AS yesterday
"""
DROP = "SELECT drop_partitions(date_trunc('day', now()) + keep) FROM partition_policies WHERE table_name = 'checks'"
INSERT = """
    INSERT INTO checks (endpoint_id, slot, outcome, started_at, collector)
    VALUES (2, clock_timestamp(), 'operational', now(), 'bench')
"""


def measure(folder: Path) -> list[Figure]:
    """Each part on a database of its own state; some 80 s in all."""
    (folder / "nginx").mkdir()
    with open_nginx(folder / "nginx") as url, open_hole() as hole, open_database(folder) as database:
        figures = watch_many(folder, database, url, hole)
        figures += check_fast(folder, database, url)
        figures.append(drop_a_day(database))
    return figures


def watch_many(folder: Path, database: Database, url: str, hole: str) -> list[Figure]:
    """5,000 endpoints every 10 s, a tenth hanging; then the collector is killed and starts again."""
    make_endpoints(database, ENDPOINTS, INTERVAL, url, hole)
    with collecting(folder, database) as daemon:
        wait_for(lambda: database.one(SEEN) == ENDPOINTS, seconds=45, what="all are seen")
        begin = database.one("SELECT now() + interval '1 second'")
        memory = max(look_at(daemon, is_scraped=second % SCRAPED_EVERY == 0) for second in range(SECONDS))
        middle, worst, checks = database.rows(LATENESS, begin, database.one("SELECT now() - interval '6 seconds'"))[0]
        missed = dict(database.rows(MISSED, begin))
        print(f"     lateness p50 {middle:.2f} ms; {checks} checks in the window; missed: {missed or 'none'}")
        daemon.kill()
        killed = database.one("SELECT now()")
        daemon.restart()
        wait_for(lambda: daemon.get("/healthz")[0] == 200, seconds=20, what="it is back")
        back = database.one("SELECT now()")
        wait_for(lambda: database.one(UNSEEN_SINCE, killed) == 0, seconds=INTERVAL + 10, what="all again")
        again, busiest = database.one(LAST_AGAIN, back, killed), database.one(BUSIEST, killed, killed)
    mean = ENDPOINTS / INTERVAL
    return [
        at_most("5,000 endpoints, a tenth hanging: lateness p99", worst, 50, "ms"),
        at_most("slots without a record", len(database.rows(UNEVEN)), 0, ""),
        at_most("the collector's memory", memory, 256, "MiB"),
        at_most("after a restart: the last endpoint is checked again", again, INTERVAL + 1, "s"),
        at_most("after a restart: the busiest second, of the mean load", busiest / mean, 2),
    ]


def check_fast(folder: Path, database: Database, url: str) -> list[Figure]:
    """So many endpoints that 3,000 checks a second are due, all kept."""
    database.rows("DELETE FROM endpoints")
    make_endpoints(database, MOST, MOST_INTERVAL, url, url)
    with collecting(folder, database) as daemon:
        wait_for(lambda: database.one(SEEN) == MOST, seconds=45, what="it is warm")
        before, began = int(database.one(RESULTS)), time.monotonic()
        used = psutil.Process(daemon.process.pid).cpu_times()
        time.sleep(MOST_SECONDS)
        made, seconds = int(database.one(RESULTS)) - before, time.monotonic() - began
        now = psutil.Process(daemon.process.pid).cpu_times()
        waiting = daemon.sample("watchhouse_checks_waiting")
    cpu = (now.user + now.system - used.user - used.system) / made
    print(
        f"     {made / seconds:.0f} checks/s kept, {cpu * 1e6:.0f} us of the collector's CPU each; {waiting:.0f} wait"
    )
    return [at_least("guarded checks a second, made and kept by one process", made / seconds, 3000, "/s")]


def drop_a_day(database: Database) -> Figure:
    """Inserts go on while a day of checks is dropped; how long the slowest of them took."""
    database.rows(FILL, DAY_ROWS)
    size = database.one("SELECT pg_total_relation_size('checks_' || to_char(now() - interval '1 day', 'YYYYMMDD'))")
    slowest, is_over = [0.0], threading.Event()
    inserting = threading.Thread(target=keep_inserting, args=[database, slowest, is_over])
    inserting.start()
    began = time.monotonic()
    database.rows(DROP)
    took = time.monotonic() - began
    is_over.set()
    inserting.join()
    print(f"     a day of {size / 2**20:.0f} MiB dropped in {took * 1000:.0f} ms")
    return at_most("while a day of checks is dropped: the slowest insert", slowest[0] * 1000, 50, "ms")


def keep_inserting(database: Database, slowest: list[float], is_over: threading.Event) -> None:
    """Insert a check after the other."""
    connection = psycopg2.connect(database.collector_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        while not is_over.is_set():
            began = time.monotonic()
            cursor.execute(INSERT)
            slowest[0] = max(slowest[0], time.monotonic() - began)
    connection.close()


def make_endpoints(database: Database, count: int, interval: int, url: str, hole: str) -> None:
    """Every tenth leads into the hole."""
    database.rows(MAKE, HANGING, hole, url, interval, TIMEOUT, count)


def look_at(daemon: Daemon, *, is_scraped: bool) -> float:
    """Its memory in MiB, a second later."""
    time.sleep(1)
    if is_scraped:
        daemon.get("/metrics")
    return float(psutil.Process(daemon.process.pid).memory_info().rss / 2**20)


@contextmanager
def collecting(folder: Path, database: Database) -> Iterator[Daemon]:
    """A collector."""
    daemon = Daemon(folder / "collector.log", "bench", DATABASE_URL=database.collector_url, **SETTINGS)
    try:
        yield daemon
    finally:
        daemon.kill()


@contextmanager
def open_hole() -> Iterator[str]:
    """A server that takes every connection, and says nothing."""
    loop, ready, port = asyncio.new_event_loop(), threading.Event(), [0]

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while await reader.read(65_536):
                pass
        writer.close()

    def run() -> None:
        server = loop.run_until_complete(asyncio.start_server(swallow, "127.0.0.1", 0, backlog=1024))
        port[0] = server.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(5)
    try:
        yield f"http://127.0.0.1:{port[0]}/"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
