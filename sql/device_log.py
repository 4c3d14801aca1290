"""The one way to write into a device's log: each entry is sealed with the one before, under the lock of its chain.

auth appends what people do, the collector what locks say. Let it be the last lock a transaction takes on a device.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from common.lock_protocol.chain import GENESIS, Entry, entry_hash, new_salt, personal_hash
from sql import statements
from sql.statements import Row

Run = Callable[..., list[Row]]  # a statement and its values, within the caller's transaction

sql = statements.load("device_logs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry before it has its place: what happened, and to whom it is put down. Without `happened_at` it is now."""

    device_id: UUID
    event_type: str
    description: str
    success: bool = True
    user_id: UUID | None = None
    ip_address: str | None = None
    happened_at: datetime | None = None
    boot: int | None = None
    seq: int | None = None


@dataclass
class End:
    """Where a chain ends, as it grows."""

    length: int
    head: bytes


def append(run: Run, drafts: Sequence[Draft]) -> None:
    """Append `drafts` to the logs of their devices, in their order. Raises KeyError for a device without a chain."""
    if not drafts:
        return
    rows = run(sql.lock_chains, device_ids=list({draft.device_id for draft in drafts}))
    ends = {UUID(str(device_id)): End(length, bytes(head)) for device_id, length, head, _ in rows}
    sealed = list(_seal(drafts, ends, rows[0][-1] if rows else None))
    moved = {str(device_id): [end.length, end.head.hex()] for device_id, end in ends.items()}
    run(sql.append_entries, entries=orjson.dumps(sealed).decode(), ends=orjson.dumps(moved).decode())


def _seal(drafts: Iterable[Draft], ends: dict[UUID, End], now: Any) -> Iterable[dict[str, Any]]:
    for place, draft in enumerate(drafts):
        end = ends[draft.device_id]
        happened_at = draft.happened_at or now
        entry = Entry(
            draft.device_id,
            end.length + 1,
            draft.event_type,
            draft.description,
            draft.success,
            happened_at,
            now,
            draft.boot,
            draft.seq,
        )
        salt = new_salt()
        personal = personal_hash(salt, draft.user_id, draft.ip_address)
        end.length, end.head = entry.position, entry_hash(end.head or GENESIS, entry, personal)
        yield {
            "place": place,
            "device_id": draft.device_id,
            "position": entry.position,
            "event_type": entry.event_type,
            "description": entry.description,
            "success": entry.success,
            "user_id": draft.user_id,
            "ip_address": draft.ip_address,
            "personal_salt": salt.hex(),
            "personal_hash": personal.hex(),
            "happened_at": happened_at,
            "created_at": now,
            "boot": draft.boot,
            "seq": draft.seq,
            "hash": end.head.hex(),
        }
