"""The hash chain over a device's log: each row is sealed with the one before, so that none can be changed unseen.

The personal part of a row is covered by a salted hash of its own: it can be erased, and the chain still holds.
"""

import hmac
import os
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

GENESIS = bytes(32)
SALT_BYTES = 16
LABEL = b"watchhouse-log-v1"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a device's log without its seals; `created_at` to the microsecond, `happened_at` by the lock's clock."""

    device_id: UUID
    position: int
    event_type: str
    description: str
    success: bool
    happened_at: datetime
    created_at: datetime
    boot: int | None = None
    seq: int | None = None


def new_salt() -> bytes:
    """A salt for a personal part: without it a hash of few possible values could be guessed."""
    return os.urandom(SALT_BYTES)


def personal_hash(salt: bytes, user_id: UUID | None, ip_address: str | None) -> bytes:
    """The hash that stands for who it was."""
    return _digest(salt, str(user_id or "").encode(), (ip_address or "").encode())


def entry_hash(previous: bytes, entry: Entry, personal: bytes) -> bytes:
    """The seal of `entry` after a row sealed with `previous` (GENESIS before the first)."""
    return _digest(
        LABEL,
        previous,
        entry.device_id.bytes,
        str(entry.position).encode(),
        entry.event_type.encode(),
        entry.description.encode(),
        b"1" if entry.success else b"0",
        _moment(entry.happened_at),
        _moment(entry.created_at),
        b"" if entry.boot is None else str(entry.boot).encode(),
        b"" if entry.seq is None else str(entry.seq).encode(),
        personal,
    )


def checkpoint_signature(key: bytes, device_id: UUID, position: int, head: bytes, created_at: datetime) -> bytes:
    """The signed word that the row at `position`, which came at `created_at`, is sealed with `head`."""
    parts = (LABEL, device_id.bytes, str(position).encode(), head, _moment(created_at))
    return hmac.digest(key, b"|".join(parts), "sha256")


def _moment(at: datetime) -> bytes:
    return str(round(at.timestamp() * 1_000_000)).encode()


def _digest(*parts: bytes) -> bytes:
    """Each part with its length before it, so that no two lists of parts read the same."""
    total = sha256()
    for part in parts:
        total.update(len(part).to_bytes(4, "big") + part)
    return total.digest()
