"""What locks keep, in one SQLite file for a fleet: their records, the messages not yet stored, their credentials.

One write for all that changed meanwhile; it is committed when `write` returns. The file is for its owner's eyes only.
It must not know what is in a record. Threads may share it: they wait for one another.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from common.lock_protocol.topics import FROM_LOCKS, FromLock
from generator.fleet.lock import Change
from generator.fleet.outbox import Message

# Exclusive: two fleets with one memory would use the same numbers twice. A commit outlives the process in every mode;
# NORMAL spares a wait for the disk at each.
_SETUP = """
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS records (device_id TEXT PRIMARY KEY, record BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    device_id TEXT NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, payload BLOB NOT NULL,
    PRIMARY KEY (device_id, boot, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS credentials (device_id TEXT PRIMARY KEY, credentials BLOB NOT NULL);
"""
TAKEN_SECONDS = 0.2  # another fleet does not let go while it lives
_KINDS: dict[str, FromLock] = {kind: kind for kind in FROM_LOCKS}


class MemoryTakenError(Exception):
    """The file cannot be had: another fleet uses it, or the folder is not ours."""


class Memory:
    """The file at `path`; made when it is not there."""

    def __init__(self, path: Path) -> None:
        """Raises MemoryTakenError."""
        self._gate = threading.Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite's own files beside it get the same mode
            self._database = sqlite3.connect(path, timeout=TAKEN_SECONDS, check_same_thread=False, isolation_level=None)
            self._database.executescript(_SETUP)
        except OSError as error:
            raise MemoryTakenError(f"the locks' memory {path} cannot be opened ({error.strerror})") from None
        except sqlite3.DatabaseError as error:
            raise MemoryTakenError(f"the locks' memory {path} cannot be used ({error})") from None

    def close(self) -> None:
        """Give the file back."""
        self._database.close()

    def write(self, changes: Iterable[Change]) -> None:
        """Write changes down, all or nothing. Raises sqlite3.Error when it cannot be done."""
        changes = list(changes)
        with self._gate:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._write_changes(changes)
                self._database.execute("COMMIT")
            except BaseException:
                self._database.execute("ROLLBACK")
                raise

    def _write_changes(self, changes: list[Change]) -> None:
        run = self._database.executemany
        run("REPLACE INTO records VALUES (?, ?)", [(change.device_id, change.record) for change in changes])
        run(
            "REPLACE INTO outbox VALUES (?, ?, ?, ?, ?)",
            [
                (change.device_id, message.boot, message.seq, message.kind, message.payload)
                for change in changes
                for message in change.messages
            ],
        )
        run(
            "DELETE FROM outbox WHERE device_id = ? AND boot = ? AND seq <= ?",
            [(change.device_id, *upto) for change in changes for upto in change.trimmed],
        )

    def read_record(self, device_id: str) -> bytes | None:
        """A lock's record, if it has one."""
        return self._read_one("SELECT record FROM records WHERE device_id = ?", device_id)

    def read_outbox(self, device_id: str) -> list[Message]:
        """A lock's messages that are not known to be stored, oldest first."""
        rows = self._run(
            "SELECT boot, seq, kind, payload FROM outbox WHERE device_id = ? ORDER BY boot, seq", device_id
        )
        return [Message(boot, seq, _KINDS[kind], payload) for boot, seq, kind, payload in rows]

    def read_credentials(self, device_id: str) -> bytes | None:
        """What the claim of a lock told, if it is known."""
        return self._read_one("SELECT credentials FROM credentials WHERE device_id = ?", device_id)

    def write_credentials(self, device_id: str, credentials: bytes) -> None:
        """Keep what a claim or rotation told once."""
        self._run("REPLACE INTO credentials VALUES (?, ?)", device_id, credentials)

    def forget(self, device_id: str) -> None:
        """Forget all of a lock: it belongs to a house that is no more."""
        for statement in (
            "DELETE FROM records WHERE device_id = ?",
            "DELETE FROM outbox WHERE device_id = ?",
            "DELETE FROM credentials WHERE device_id = ?",
        ):
            self._run(statement, device_id)

    def _read_one(self, statement: str, device_id: str) -> bytes | None:
        rows = self._run(statement, device_id)
        return bytes(rows[0][0]) if rows else None

    def _run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._gate:
            return self._database.execute(statement, values).fetchall()
