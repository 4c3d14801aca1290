"""Devices, commands and what the fleet said of them, as rows; and the contexts of jobs over them."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any
from uuid import UUID

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from collector.fleet.memory import FleetMemory
from collector.host import read_host
from collector.job import Context, HostMemory, Job
from collector.settings import read_settings
from common.lock_protocol.commands import LIFE_SECONDS
from sql.engine import make_engine
from tests.support.databases import Database
from tests.support.processes import DEVICE_KEY

_numbers = itertools.count(1)

CLAIM = """WITH owner AS (
    INSERT INTO app_users (email, password_hash) VALUES (%s, 'none') RETURNING id
), device AS (
    INSERT INTO devices (device_id, name, owner_id) SELECT %s, 'Front door', id FROM owner RETURNING id, owner_id
), state AS (
    INSERT INTO device_states (device_id) SELECT id FROM device
), brake AS (
    INSERT INTO code_brakes (device_id) SELECT id FROM device
), chain AS (
    INSERT INTO device_chains (device_id, head) SELECT id, '' FROM device
)
SELECT id::text, owner_id::text, pg_notify('devices', '') FROM device"""
ASK = """WITH asked AS (
    INSERT INTO device_commands (device_id, user_id, ip_address, command, params, expires_at)
    VALUES (%s, %s, '192.0.2.7', %s, %s, now() + %s * interval '1 second')
    RETURNING id
)
SELECT id::text, pg_notify('device_commands', '') FROM asked"""


@dataclass(frozen=True)
class Claimed:
    """A device: its name, its row, its owner."""

    device_id: str
    id: str
    owner: str


@dataclass
class CommandHouse:
    """A committed database with devices in it."""

    database: Database
    engine: Engine
    memory: FleetMemory = field(default_factory=FleetMemory)

    @classmethod
    def on(cls, database: Database) -> "CommandHouse":
        """A house on a database of its own."""
        return cls(database, make_engine(database.collector_url, process="test", pool_size=4))

    def context(
        self, job: Job[Any], *, listened: float = 1000, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> Context[Any]:
        """What a job gets in a collector that has heard the fleet for so many seconds."""
        self.memory.listening_since = monotonic() - listened
        settings = read_settings(
            {"DATABASE_URL": self.database.collector_url, "COLLECTOR_NAME": "anna", "DEVICE_KEY": DEVICE_KEY}
        )
        now = clock()
        return Context(
            settings=settings,
            engine=self.engine,
            host=HostMemory(last=read_host(Path("/proc"), Path("/"), now)),
            started_at=now,
            stopping=Event(),
            metrics=job.metrics(CollectorRegistry()),
            clock=clock,
            fleet=self.memory,
        )

    def claim(self, device_id: str = "", **said: Any) -> Claimed:
        """A device; `said` are columns of its state, as SQL expressions."""
        name = device_id or f"door-{next(_numbers)}"
        [(row, owner, _)] = self.database.rows(CLAIM, f"{name}@example.com", name)
        if said:
            columns = ", ".join(f"{column} = {value}" for column, value in said.items())
            self.database.rows(f"UPDATE device_states SET {columns} WHERE device_id = %s", row)
        return Claimed(name, row, owner)

    def ask(
        self, device: Claimed, command: str = "UNLOCK", *, user: str | None = "", params: str = "{}", life: float = 0
    ) -> str:
        """A command as auth inserts it, by the owner unless told otherwise; its id."""
        asker = device.owner if user == "" else user
        seconds = life or LIFE_SECONDS[command]  # type: ignore[index]  # any of its names
        command_id: str = self.database.rows(ASK, device.id, asker, command, params, seconds)[0][0]
        return command_id

    def state(self, device: Claimed, column: str) -> Any:
        """What is known of a lock."""
        return self.database.one(f"SELECT {column} FROM device_states WHERE device_id = %s", device.id)

    def command(self, command_id: str) -> tuple[str, str | None]:
        """Status and reason of a command."""
        [(status, reason)] = self.database.rows("SELECT status, reason FROM device_commands WHERE id = %s", command_id)
        return status, reason

    def commands(self, device: Claimed, command: str) -> list[dict[str, Any]]:
        """The parameters of a device's commands of one name, in the order of asking."""
        rows = self.database.rows(
            "SELECT params FROM device_commands WHERE device_id = %s AND command = %s ORDER BY number",
            device.id,
            command,
        )
        return [params for (params,) in rows]

    def log(self, device: Claimed) -> list[tuple[str, str, bool]]:
        """A device's entries in their order: what, in words, and whether it went well."""
        return [
            (event, text, success)
            for event, text, success in self.database.rows(
                "SELECT event_type, description, success FROM device_logs WHERE device_id = %s ORDER BY position",
                device.id,
            )
        ]

    def uuid(self, device: Claimed) -> UUID:
        """A device's id as the collector has it."""
        return UUID(device.id)
