"""Collectors over a throw-away database, and a mail server for them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import prometheus_client.values
import psycopg2
import pytest
from prometheus_client import CollectorRegistry

from collector.host import Reading
from collector.job import Context, HostMemory, Job
from collector.settings import read_settings
from sql.engine import make_engine, run_once
from sql.statements import load
from tests.collector.daemons import Daemon, MailServer, Sink, Wire
from tests.support.processes import DEVICE_KEY

NOW = datetime(2026, 5, 4, 12, 30, 40, tzinfo=UTC)
START = Reading(
    at=NOW,
    cpu_busy=100,
    cpu_total=1000,
    sent_bytes=0,
    received_bytes=0,
    memory_used=1,
    memory_total=4,
    disk_percent=50,
    load_1m=1,
    open_files=10,
)

outbox = load("outbox")


@pytest.fixture(autouse=True)
def own_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """A collector is one process: its metrics must not be in the files of workers, though auth was made here before."""
    monkeypatch.setattr(prometheus_client.values, "ValueClass", prometheus_client.values.MutexValue)
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)


@pytest.fixture
def start(tmp_path: Path, database: Any) -> Iterator[Callable[..., Daemon]]:
    """Starts collectors and waits until they are healthy; those that run at the end are killed."""
    started: list[Daemon] = []

    def begin(name: str = "anna", *, is_awaited: bool = True, is_forked: bool = True, **environment: str) -> Daemon:
        own = {"DATABASE_URL": database.collector_url} | environment
        started.append(Daemon(tmp_path / f"{name}.log", name, is_forked=is_forked, **own))
        return started[-1].await_health() if is_awaited else started[-1]

    yield begin
    for daemon in started:
        daemon.kill()


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A mail server that takes everything until told otherwise."""
    server = MailServer(Sink()).start()
    yield server
    server.stop()


@pytest.fixture
def wire(database: Any) -> Iterator[Wire]:
    """A wire to the database; `wire_url` goes over it."""
    parts = urlsplit(database.collector_url)
    made = Wire((parts.hostname or "", parts.port or 0))
    made.join()
    yield made
    made.cut()


@pytest.fixture
def wire_url(database: Any, wire: Wire) -> str:
    """The collector's URL over the wire."""
    parts = urlsplit(database.collector_url)
    return parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{wire.port}").geturl()


@pytest.fixture
def queue(database: Any) -> Iterator[Callable[..., int]]:
    """Queues a mail as auth does, by auth's role; gives its id."""
    engine = make_engine(database.auth_url, process="test", pool_size=1)

    def add(recipient: str = "bob@example.com", subject: str = "Hello", body: str = "It is done.") -> int:
        return int(
            run_once(engine, outbox.queue_message, channel="mail", recipient=recipient, subject=subject, body=body)[0][
                0
            ]
        )

    yield add
    engine.dispose()


@pytest.fixture
def hasten(database: Any) -> Callable[[], None]:
    """Time passes: every queued message is due now, and the collector hears of it."""

    def make_due() -> None:
        database.rows("UPDATE outbox SET due_at = now() WHERE status = 'queued'")
        database.rows("NOTIFY outbox")

    return make_due


@pytest.fixture
def context_for(database: Any) -> Iterator[Callable[..., Context[Any]]]:
    """Makes the context of a job, at a fixed time unless told another."""
    engine = make_engine(database.collector_url, process="test", pool_size=5)

    def make(job: Job[Any], clock: Callable[[], datetime] = lambda: NOW, **environment: str) -> Context[Any]:
        own = {"DATABASE_URL": database.collector_url, "COLLECTOR_NAME": "anna", "DEVICE_KEY": DEVICE_KEY}
        settings = read_settings(own | environment)
        return Context(
            settings=settings,
            engine=engine,
            host=HostMemory(last=START),
            started_at=NOW,
            stopping=Event(),
            metrics=job.metrics(CollectorRegistry()),
            clock=clock,
        )

    yield make
    engine.dispose()


@pytest.fixture
def cut_sessions(database: Any) -> Callable[[], int]:
    """Ends every session of the collector's role, as a restart of the server would; gives how many there were."""

    def cut() -> int:
        connection = psycopg2.connect(database.collector_url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("""SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()""")
                return int((cursor.fetchone() or (0,))[0])
        finally:
            connection.close()

    return cut
