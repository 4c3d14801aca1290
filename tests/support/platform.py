"""The whole house as `make run` brings it up, with people in it, for tests that need all of it at once."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.databases import query
from tests.support.ports import free_port
from tests.support.processes import HOUSE, environment
from tests.support.waiting import wait_for

PORTS = (
    "AUTH_PORT",
    "COLLECTOR_PORT",
    "POSTGRES_PORT",
    "MQTT_PORT",
    "PROMETHEUS_PORT",
    "ALERTMANAGER_PORT",
    "EXPORTER_PORT",
)
READER_PASSWORD = "the reader's own password"
UP_SECONDS = 90


@dataclass(frozen=True)
class PlatformDatabase:
    """The house's own database."""

    port: str

    @property
    def owner_url(self) -> str:
        return f"postgresql://metrics:metrics_pass@127.0.0.1:{self.port}/metrics"

    @property
    def reader_url(self) -> str:
        return f"postgresql://watchhouse_reader:{READER_PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/metrics"

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement gives the owner, committed."""
        return query(self.owner_url, statement, *values)


@dataclass(frozen=True)
class Platform:
    """Where everything is."""

    ports: dict[str, str]
    folder: Path
    database: PlatformDatabase
    pid: int

    def url(self, port: str) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"

    @property
    def auth_url(self) -> str:
        return self.url("AUTH_PORT")

    @property
    def collector_url(self) -> str:
        return self.url("COLLECTOR_PORT")

    @property
    def prometheus_url(self) -> str:
        return self.url("PROMETHEUS_PORT")

    @property
    def alertmanager_url(self) -> str:
        return self.url("ALERTMANAGER_PORT")

    @property
    def exporter_url(self) -> str:
        return self.url("EXPORTER_PORT")

    @property
    def mqtt_url(self) -> str:
        password = (self.folder / "data" / "secrets" / "mqtt_password").read_text().strip()
        return f"mqtt://collector:{password}@127.0.0.1:{self.ports['MQTT_PORT']}"


@contextmanager
def run_platform(folder: Path, **more: str) -> Iterator[Platform]:
    """`python -m standalone` on free ports and with `more` settings, until the end of the block."""
    ports = {name: str(free_port()) for name in PORTS}
    settings = {
        "WATCHHOUSE_DATA": str(folder / "data"),
        "READER_DATABASE_PASSWORD": READER_PASSWORD,
        **ports,
        **more,
    }
    said = folder / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "standalone"],
            cwd=HOUSE,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def is_up() -> bool:
        assert process.poll() is None, said.read_text(errors="replace")
        return "Watchhouse is up." in said.read_text(errors="replace")

    try:
        wait_for(is_up, seconds=UP_SECONDS, what="the house is up")
        yield Platform(ports, folder, PlatformDatabase(ports["POSTGRES_PORT"]), process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
