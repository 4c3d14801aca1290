"""What the benches of requests stand on: a real PostgreSQL with data in it, and applications under gunicorn."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from auth.allocator import ALLOCATOR
from standalone.postgres import Server
from tests.support.databases import Database, prepare_template, throw_away
from tests.support.ports import free_port
from tests.support.processes import environment
from tests.support.waiting import wait_for

WORKERS = 2
THREADS = 8


@dataclass
class App:
    """An application under gunicorn."""

    name: str
    url: str
    process: "subprocess.Popen[bytes]"

    def cpu_seconds(self) -> float:
        """What its workers have used so far; the system's time included."""
        return sum(sum(worker.cpu_times()[:2]) for worker in psutil.Process(self.process.pid).children())


@contextmanager
def open_database(folder: Path) -> Iterator[Database]:
    """A PostgreSQL of its own, with the schema in a throw-away database."""
    server = Server(folder / "cluster", port=free_port(), password="bench")
    server.start()
    try:
        prepare_template(server)
        with throw_away(server) as database:
            yield database
    finally:
        server.stop()


@contextmanager
def open_app(name: str, database: Database, folder: Path, **settings: str) -> Iterator[App]:
    """`bench.apps:<name>()` under the same gunicorn as the product's."""
    port = free_port()
    counts = folder / f"{name}-counts"
    counts.mkdir(parents=True, exist_ok=True)
    own = {
        "WATCHHOUSE_DEMO": "1",
        "WATCHHOUSE_DATA": str(folder / f"{name}-data"),
        "DATABASE_URL": database.auth_url,
        "AUTH_PORT": str(port),
        "AUTH_WORKERS": str(WORKERS),
        "AUTH_THREADS": str(THREADS),
        "LOG_LEVEL": "ERROR",
        "PROMETHEUS_MULTIPROC_DIR": str(counts),
        **ALLOCATOR,
        **settings,
    }
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:auth.gunicorn", f"bench.apps:{name}()"],
            env=environment(**own),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    app = App(name, f"http://127.0.0.1:{port}", process)
    try:
        wait_for(lambda: _answers(app.url), seconds=30, what=name)
        yield app
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code > 0
    except requests.ConnectionError:
        return False
