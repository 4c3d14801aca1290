"""Devices with logs, written as auth and collector write them, at any time; and what a database's owner may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine

from common.lock_protocol.chain_walk import Verdict
from sql.device_audit import verify
from sql.device_log import Draft, append
from sql.engine import run_once, transaction
from sql.statements import Row, Statement, run
from tests.support.databases import Database

DEVICE_KEY = "a master key of the tests, long enough"
OWNER = """INSERT INTO app_users (id, email, password_hash, email_verified)
    VALUES (%s, 'owner@example.com', '', true) ON CONFLICT DO NOTHING"""
OWNER_ID = str(UUID(int=0xAA))


@dataclass
class Logs:
    """Logs in a database."""

    database: Database
    engine: Engine

    def device(self, name: str = "Door") -> UUID:
        """A device with an empty log."""
        made = uuid4()
        self.database.rows(OWNER, OWNER_ID)
        self.database.rows(
            "INSERT INTO devices (id, device_id, name, owner_id) VALUES (%s, %s, %s, %s)",
            str(made),
            f"lock-{made.hex}",
            name,
            OWNER_ID,
        )
        self.database.rows("INSERT INTO device_chains (device_id, head) VALUES (%s, '')", str(made))
        return made

    def write(self, device: UUID, rows: int, at: datetime | None = None, user: str | None = OWNER_ID) -> None:
        """So many entries, as if it were then."""
        drafts = [
            Draft(device_id=device, event_type="UNLOCK", description=f"Row {n}", user_id=user and UUID(user), seq=n)
            for n in range(rows)
        ]
        with transaction(self.engine) as connection:
            append(partial(_run_at, at, connection), drafts)

    def verify(self, device: UUID) -> Verdict:
        """By whoever asks."""
        return verify(partial(run_once, self.engine), device, DEVICE_KEY)

    def tamper(self, device: UUID, statements: Sequence[str]) -> None:
        """What an owner of the database may do, who knows no key; `%(device)s` is the device's id."""
        for statement in statements:
            self.database.rows(statement.replace("%(device)s", f"'{device}'"))


def _run_at(at: datetime | None, connection: Any, statement: Statement, **values: Any) -> list[Row]:
    rows = run(connection, statement, **values)
    return [(*row[:-1], at) for row in rows] if at and statement.name == "lock_chains" else rows
