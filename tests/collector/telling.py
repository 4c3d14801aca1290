"""Endpoints whose state changes as the recorder would have it, and channels that hear of it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from collector.alerting.on_change import EndpointChange, on_change
from collector.states.steps import Change
from sql.engine import transaction
from tests.support.databases import Database

WRITTEN = (
    *("outbox", "channels", "alerts", "incidents", "maintenance", "checks", "endpoints"),
    *("service_states", "collectors", "host_metrics", "request_minutes", "request_audits", "journal_states"),
)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@dataclass
class House:
    """A database with endpoints and channels in it, at a moment that the test moves on."""

    database: Database
    engine: Engine
    now: datetime

    def __post_init__(self) -> None:
        """A module's tests share a database; each begins with an empty house."""
        self.database.rows("; ".join(f"DELETE FROM {table}" for table in WRITTEN))

    def pass_time(self, length: timedelta) -> None:
        """It is later, and what was watched is watched still."""
        self.now += length
        self.database.rows("UPDATE endpoint_states SET valid_until = %s", self.now + MINUTE)

    def endpoint(self, name: str = "Door", state: str = "operational", parent: int | None = None) -> int:
        """An endpoint that was just seen to be in that state."""
        endpoint_id: int = self.database.one(
            "INSERT INTO endpoints (name, url, parent_id) VALUES (%s, '/', %s) RETURNING id", name, parent
        )
        self._see(endpoint_id, state, self.now, track="{}")
        return endpoint_id

    def channel(self, *kinds: str, name: str = "Phone", url: str = "http://127.0.0.1:9/") -> int:
        """A channel that chose those kinds."""
        chosen = list(kinds) or ["changes", "incidents", "alerts"]
        return int(
            self.database.one(
                "INSERT INTO channels (name, url, shown, kinds) VALUES (%s, %s, '***', %s) RETURNING id",
                name,
                url,
                chosen,
            )
        )

    def look_at(self, endpoint_id: int) -> None:
        """It was just checked, and is as it was."""
        self.database.rows(
            "UPDATE endpoint_states SET last_checked_at = %s WHERE endpoint_id = %s", self.now, endpoint_id
        )

    def change(self, endpoint_id: int, after: str, *, kind: Any = "changed", is_flapping: bool = False) -> None:
        """Its state is another now: stored, with all that follows, in one transaction."""
        before = self.database.one("SELECT state FROM endpoint_states WHERE endpoint_id = %s", endpoint_id)
        name = self.database.one("SELECT name FROM endpoints WHERE id = %s", endpoint_id)
        self._see(endpoint_id, after, self.now, json.dumps({"outages": {"is_flapping": is_flapping}}))
        is_held = is_flapping and kind == "changed"
        change = Change(kind, self.now, self.now, before, after, is_held)  # type: ignore[arg-type]  # words, by contract
        with transaction(self.engine) as connection:
            on_change(connection, [EndpointChange(endpoint_id, name, change, "timeout")], self.now)

    def plan(self, starts_at: datetime, ends_at: datetime, rrule: str | None = None) -> None:
        """Maintenance of everything."""
        self.database.rows(
            "INSERT INTO maintenance (title, starts_at, ends_at, rrule, is_for_all) VALUES ('Work', %s, %s, %s, true)",
            starts_at,
            ends_at,
            rrule,
        )

    def news(self) -> list[tuple[str, str]]:
        """Kind and subject of all that was queued, in order."""
        return self.database.rows("SELECT kind, subject FROM outbox ORDER BY id")  # type: ignore[return-value]  # by SQL

    def subjects(self) -> list[str]:
        """The subjects of it."""
        return [subject for _, subject in self.news()]

    def _see(self, endpoint_id: int, state: str, at: datetime, track: str) -> None:
        self.database.rows(
            """
            INSERT INTO endpoint_states (endpoint_id, state, since, valid_until, last_checked_at, last_outcome, track)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (endpoint_id) DO UPDATE SET state = excluded.state, track = excluded.track,
                since = CASE WHEN endpoint_states.state = excluded.state THEN endpoint_states.since
                    ELSE excluded.since END,
                last_checked_at = excluded.last_checked_at, valid_until = excluded.valid_until""",
            endpoint_id,
            state,
            at,
            at + MINUTE,
            at,
            state,
            track,
        )
