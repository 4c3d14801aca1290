"""The collector is killed at random while endpoints fall and recover: each change is told once to a sink that looks."""

import random
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.collector.daemons import Daemon
from tests.collector.sinks import LOOPBACK, Sink, SinkServer
from tests.support.databases import Database
from tests.support.long_runs import IS_LONG
from tests.support.waiting import wait_for

KILLS = 100 if IS_LONG else 2
DOORS = 8  # at a time; each falls and recovers once
PAUSE_SECONDS = (0.0, 0.1)
ASK_AGAIN_SECONDS = 0.5
DOWN = "SELECT count(*) FROM endpoint_states WHERE state = 'major_outage'"
UP = "SELECT count(*) FROM endpoint_states WHERE state <> 'major_outage'"
OPEN_REQUESTS = "SELECT count(*) FROM check_requests WHERE finished_at IS NULL"
OUTAGES = """SELECT e.name, i.ended_at IS NOT NULL FROM state_intervals i JOIN endpoints e ON e.id = i.endpoint_id
    WHERE i.state = 'major_outage'"""


class Doors(ThreadingHTTPServer):
    """What is watched: well or not, as the test says."""

    daemon_threads = True
    is_well = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), Door)
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A killed collector hangs up."""


class Door(BaseHTTPRequestHandler):
    server: Doors

    def do_GET(self) -> None:
        self.send_response(200 if self.server.is_well else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


@pytest.fixture
def hooks() -> Iterator[SinkServer]:
    made = SinkServer(Sink())
    yield made
    made.stop()


@pytest.fixture
def doors() -> Iterator[Doors]:
    made = Doors()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def collector(database: Database, tmp_path: Path) -> Iterator[Daemon]:
    database.rows(
        "INSERT INTO endpoints (name, url, is_enabled) VALUES ('Not watched', '/', false)"
    )  # else it adds its own
    made = Daemon(tmp_path / "anna.log", "anna", DATABASE_URL=database.collector_url, PROBE_ALLOW=f"{LOOPBACK}/32")
    yield made
    made.kill()


@pytest.mark.timeout(1800 if IS_LONG else 120)
def test_no_change_is_lost_or_told_twice(
    database: Database, collector: Daemon, hooks: SinkServer, doors: Doors
) -> None:
    database.rows(
        "INSERT INTO channels (name, url, shown, kinds) VALUES ('Phone', %s, '***', '{changes}')", hooks.url("/hook")
    )
    hooks.sink.slow_seconds, hooks.sink.is_forgetful = 0.1, True
    killer = Thread(target=kill_at_random, args=[collector, hooks.sink, random.Random(3)])
    killer.start()
    sets = 0
    while killer.is_alive() or sets == 0:
        sets += 1
        fall_and_recover(database, doors, first=sets * DOORS)
    expected = Counter(
        f"{name} is {what}"
        for name, is_over in database.rows(OUTAGES)
        for what in (["down", "up again"] if is_over else ["down"])
    )
    wait_for(lambda: hasten(database) == 0, seconds=60, what="all is sent")
    assert sum(expected.values()) == 2 * DOORS * sets
    assert Counter(hooks.sink.taken().values()) == expected


def kill_at_random(collector: Daemon, sink: Sink, chance: random.Random) -> None:
    """kill -9, and start again, so many times: while a sink is being told, most often, else at any moment."""
    for number in range(KILLS):
        collector.await_health()
        calls = sink.calls
        if number % 4 != 1:
            wait_for(lambda calls=calls: sink.calls > calls, seconds=30, what="something is told")
        Event().wait(chance.uniform(*PAUSE_SECONDS))
        collector.kill()
        collector.restart()


def fall_and_recover(database: Database, doors: Doors, first: int) -> None:
    """New endpoints that are well, then out, then well again."""
    doors.is_well = True
    database.rows("UPDATE endpoints SET is_enabled = false")
    database.rows(
        """INSERT INTO endpoints (name, url, retries, interval_seconds, degraded_after_ms)
        SELECT 'Door ' || n, %s, 0, 86400, 60000 FROM generate_series(%s, %s) n""",
        f"http://{LOOPBACK}:{doors.server_address[1]}/",
        first,
        first + DOORS - 1,
    )
    for is_well, statement, wanted in ((True, UP, first), (False, DOWN, DOORS), (True, UP, first)):
        doors.is_well = is_well
        ask_until(database, statement, wanted)


def ask_until(database: Database, statement: str, wanted: int) -> None:
    """Have checks made until all endpoints are so."""
    while database.one(statement) != wanted:
        hasten(database)
        database.rows("DELETE FROM check_requests")
        database.rows("INSERT INTO check_requests DEFAULT VALUES")
        database.rows("NOTIFY check_requests")
        try:
            wait_for(lambda: database.one(OPEN_REQUESTS) == 0, seconds=ASK_AGAIN_SECONDS)
        except AssertionError:  # whoever took it was killed
            continue


def hasten(database: Database) -> int:
    """A killed sender's leases run out; how many messages wait."""
    database.rows("UPDATE outbox SET due_at = now() WHERE status = 'queued' AND due_at > now() + interval '2 s'")
    database.rows("NOTIFY notifications")
    return int(database.one("SELECT count(*) FROM outbox WHERE status = 'queued'"))
