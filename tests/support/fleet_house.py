"""A collector, a broker, a PostgreSQL and busy locks of their own that tests may kill; and what is known then."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

import orjson
import psutil

from common.lock_protocol.keys import as_text, derive_key
from standalone.postgres import Server
from tests.collector.daemons import Daemon
from tests.collector.fleet.command_house import Claimed, CommandHouse
from tests.support.broker import Broker, run_broker
from tests.support.databases import Database
from tests.support.journal_house import await_database, revive
from tests.support.network import Network
from tests.support.own_server import run_own_server
from tests.support.ports import free_port
from tests.support.processes import DEVICE_KEY, environment
from tests.support.waiting import wait_for

STOP_SECONDS = 60.0
STALL_SECONDS = 120.0  # a lock that was not told waits up to 20 s, then 40 s, before it sends again

Standing = dict[str, int]
Page = dict[str, Any]


class BusyLocks:
    """The process of tests/support/busy_locks.py; use as a context, then look at its `ledger`."""

    def __init__(self, folder: Path, url: str, locks: Sequence[Claimed], **plan: Any) -> None:
        self._ledger, self._log = folder / f"ledger-{free_port()}", folder / "locks.log"
        self._plan = {
            "url": url, "memory": str(self._ledger.with_suffix(".sqlite")), "seed": 0, "events": 0, "pause": 0.1,
            "restarts": 0.0, "doubled": 0.0, "delayed": 0.0, "longest": 0.5, "locks": [_as_told(one) for one in locks],
        } | plan  # fmt: skip
        self.standing: Standing = {}

    def __enter__(self) -> "BusyLocks":
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.busy_locks", str(self._ledger)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(),
            )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(self._plan).encode())
        self.process.stdin.close()
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOP_SECONDS)
        self._listener.join(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL: no lock says a word any more."""
        self.process.kill()
        self.process.wait()

    def await_online(self) -> None:
        """All of them are connected."""
        count = len(self._plan["locks"])
        wait_for(lambda: self._tells("online") == count, seconds=60, what="all locks are online")

    def await_left(self, left: int, seconds: float) -> None:
        """No more than so many things are still to happen."""
        wait_for(lambda: self._tells("left") <= left, seconds=seconds, what=f"{left} are left")

    def await_told(self, seconds: float = STALL_SECONDS) -> None:
        """Everything has happened, and the house has said of everything that it is stored."""
        wait_for(lambda: (self._tells("left"), self._tells("untold")) == (0, 0), seconds=seconds, what="all is told")

    def await_taken(self, count: int, seconds: float) -> None:
        """So many commands came in."""
        wait_for(lambda: self._tells("taken") >= count, seconds=seconds, what=f"{count} commands are taken")

    @cached_property
    def ledger(self) -> dict[str, Page]:
        """The locks' own books, by their names; once they have ended."""
        assert self.process.returncode == 0, self._log.read_text()
        return {page["device_id"]: page for page in orjson.loads(self._ledger.read_bytes())}

    def _tells(self, figure: str) -> int:
        assert self.process.poll() is None, self._log.read_text()
        return self.standing.get(figure, sys.maxsize if figure in ("left", "untold") else 0)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.standing = json.loads(line)


@dataclass(frozen=True)
class FleetHouse:
    """Everything on one host; between locks and broker is a network."""

    folder: Path
    server: Server
    database: Database
    broker: Broker
    network: Network
    collector: Daemon
    rows: CommandHouse

    def claim(self, count: int) -> list[Claimed]:
        """New devices, known to the broker."""
        claimed = [self.rows.claim() for _ in range(count)]
        names = {one.device_id for one in claimed}
        self.collector.wait(lambda: names <= self._accounts(), "the broker is told of them", limit=30)
        return claimed

    def locks(self, claimed: Sequence[Claimed], **plan: Any) -> BusyLocks:
        """Their locks, on the network; not started yet."""
        return BusyLocks(self.folder, self.network.url, claimed, **plan)

    def kill_collector(self) -> None:
        """It is started again at once."""
        self.collector.kill()
        self.collector.restart()

    def kill_broker(self) -> None:
        """It keeps what it saved last, up to 5 s ago."""
        self.broker.kill()
        self.broker.start()

    def kill_database(self) -> None:
        """The whole server."""
        self.rows.engine.dispose()
        revive(self.server)

    def kill_backend(self) -> None:
        """One process of PostgreSQL, which then ends all its sessions and recovers."""
        self.rows.engine.dispose()
        psutil.Process(self.server.process.pid).children(recursive=True)[-1].send_signal(signal.SIGKILL)

    def cut_network(self, seconds: float = 0.5) -> None:
        """All locks lose their connection, and cannot have one for some seconds."""
        self.network.cut()
        Event().wait(seconds)
        self.network.mend()

    def await_listening(self) -> None:
        """The collector hears the fleet."""
        await_database(self.database)
        self.collector.wait(lambda: self.collector.sample("watchhouse_fleet_connected") == 1, "it hears", limit=60)

    def state(self, device: Claimed, *columns: str) -> tuple[Any, ...]:
        """What is known of a lock."""
        statement = f"SELECT {', '.join(columns)} FROM device_states WHERE device_id = %s"
        return self.database.rows(statement, device.id)[0]

    def _accounts(self) -> set[str]:
        return {line.partition(":")[0] for line in self.broker.accounts_file.read_text().splitlines()}


@contextmanager
def run_fleet_house(folder: Path) -> Iterator[FleetHouse]:
    """All of it until the end of the block."""
    with run_own_server(folder) as (quick, server), run_broker(quick) as broker:
        yield from _run_collector(quick, server, broker)


def _run_collector(folder: Path, server: Server, broker: Broker) -> Iterator[FleetHouse]:
    """It writes the broker's accounts itself."""
    database = Database(server, "metrics")
    collector = Daemon(folder / "anna.log", "anna", DATABASE_URL=database.collector_url, **broker.settings)
    network, rows = Network(broker.port), CommandHouse.on(database)
    try:
        collector.await_health()
        yield FleetHouse(folder, server, database, broker, network, collector, rows)
    finally:
        collector.kill()
        network.cut()
        rows.engine.dispose()


def _as_told(device: Claimed) -> dict[str, str]:
    """What a claim would have told the lock."""
    password, key = (derive_key(DEVICE_KEY, purpose, UUID(device.id), 1) for purpose in ("mqtt", "command"))
    return {"device_id": device.device_id, "password": as_text(password), "command_key": key.hex()}
