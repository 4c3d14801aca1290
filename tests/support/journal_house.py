"""An auth, a collector and a PostgreSQL of their own that tests may kill; and whether all that was counted agrees."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import psycopg2
from prometheus_client import CollectorRegistry

from collector.host import read_host
from collector.job import Context, HostMemory, Job
from collector.jobs import audit_requests, roll_up_requests
from collector.settings import read_settings
from common.journal import FOLDER, segments_of
from sql.engine import make_engine
from standalone.postgres import Server
from tests.collector.daemons import Daemon
from tests.support.databases import Database
from tests.support.own_server import run_own_server
from tests.support.processes import Running, start_auth
from tests.support.waiting import wait_for

HOUR_LATER = timedelta(minutes=66)  # the hour that is now is over then, and rolled up
DRAIN_SECONDS = 120
POSITIONS = "SELECT name, position FROM journal_segments"
STORED = "SELECT request_id, count(*)::int FROM request_log WHERE request_id LIKE %s GROUP BY 1"

UNEQUAL = Path(__file__).with_name("unequal_requests.sql").read_text(encoding="utf-8")
AUDITS = "SELECT hour, journal_lines, raw_rows, route_requests, total_requests FROM request_audits WHERE NOT is_equal"


@dataclass(frozen=True)
class JournalHouse:
    """Everything on one host, over one data folder."""

    folder: Path
    server: Server
    database: Database
    auth: Running
    collector: Daemon

    @property
    def journal(self) -> Path:
        """Where the segments are."""
        return self.folder / FOLDER

    def workers(self) -> list[psutil.Process]:
        """Those of auth that serve."""
        return psutil.Process(self.auth.process.pid).children()

    def is_drained(self) -> bool:
        """Whether everything that was written is stored."""
        positions = dict(self.database.rows(POSITIONS))
        return all(positions.get(path.name, 0) == size for path, size in sizes(self.journal))

    def open_segments(self) -> list[Path]:
        """Those that auth may still write to, the newest last."""
        return segments_of(self.journal)

    def drain(self) -> None:
        """Wait for that."""
        self.collector.wait(self.is_drained, "the journal is read to its end", limit=DRAIN_SECONDS)

    def stored(self, prefix: str) -> dict[str, int]:
        """How often each request is stored whose id begins so."""
        return dict(self.database.rows(STORED, f"{prefix}-%"))

    def disagreements(self) -> list[Any]:
        """All that differs between rows, minutes, hours, journal and audits, an hour from now."""
        later = datetime.now(UTC) + HOUR_LATER
        for job in (roll_up_requests.JOB, audit_requests.JOB):
            run_at(self.database.collector_url, job, later)
        assert self.database.one("SELECT count(*) FROM request_audits") > 0
        return [row for statement in (UNEQUAL, AUDITS) for row in self.database.rows(statement)]


def sizes(journal: Path) -> Iterator[tuple[Path, int]]:
    """Every segment and its size; those that are taken away meanwhile are read."""
    for path in segments_of(journal):
        try:
            yield path, path.stat().st_size
        except FileNotFoundError:
            continue


def run_at(url: str, job: Job[Any], moment: datetime) -> None:
    """Run a job of the collector as if it were then."""
    engine = make_engine(url, process="test", pool_size=1)
    try:
        job.run(
            Context(
                settings=read_settings({"DATABASE_URL": url, "COLLECTOR_NAME": "test", "WATCHHOUSE_DEMO": "1"}),
                engine=engine,
                host=HostMemory(last=read_host(Path("/proc"), Path("/"), moment)),
                metrics=job.metrics(CollectorRegistry()),
                started_at=moment,
                stopping=Event(),
                clock=lambda: moment,
            )
        )
    finally:
        engine.dispose()


@contextmanager
def run_journal_house(folder: Path) -> Iterator[JournalHouse]:
    """All of it until the end of the block."""
    with run_own_server(folder) as (quick, server):
        yield from run_processes(quick, server)


def run_processes(folder: Path, server: Server) -> Iterator[JournalHouse]:
    """Auth and collector; the collector watches nothing."""
    database = Database(server, "metrics")
    database.rows("INSERT INTO endpoints (name, url, is_enabled) VALUES ('Not watched', '/', false)")
    auth = start_auth(database, folder, WATCHHOUSE_DATA=str(folder))
    collector = Daemon(folder / "anna.log", "anna", DATABASE_URL=database.collector_url, AUTH_URL=auth.url)
    try:
        collector.await_health()
        yield JournalHouse(folder, server, database, auth, collector)
    finally:
        collector.kill()
        auth.stop()


def revive(server: Server) -> None:
    """Kill PostgreSQL as a crash does, and start it again; its backends notice and go."""
    server.process.kill()
    server.process.wait()
    server.start()


def await_database(database: Database) -> None:
    """Return once statements are answered."""

    def answers() -> bool:
        try:
            return bool(database.one("SELECT true"))
        except (psycopg2.OperationalError, psycopg2.InterfaceError):  # it may end while we ask
            return False

    wait_for(answers, seconds=60, what="PostgreSQL answers")
