"""Whether a device's log is as it was written: walks its rows in order and names the first that is not.

Pure: rows, checkpoints and the chain's end are given; where they come from is another's. The hashes alone need no
secret, so who may write to the table could seal it anew: checkpoints, signed with a key that is not in the database,
tell that.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.lock_protocol.chain import GENESIS, Entry, checkpoint_signature, entry_hash, personal_hash


@dataclass(frozen=True, slots=True)
class Sealed:
    """A row as it is stored; `length` is that of its chain when it was read, since logs grow while they are read."""

    entry: Entry
    user_id: UUID | None
    ip_address: str | None
    personal_salt: bytes | None
    personal_hash: bytes
    hash: bytes
    length: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed word that the row at `position`, which came at `created_at`, was sealed with `hash`."""

    position: int
    hash: bytes
    signature: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Chain:
    """A device's chain: its end, and what was signed of it; what came before `kept_since` was cut."""

    device_id: UUID
    length: int
    head: bytes
    checkpoints: Sequence[Checkpoint]
    kept_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk came to: `first_bad` is the position of the first row that is missing, changed or too much."""

    rows: int
    first_bad: int | None = None
    why: str | None = None
    from_checkpoint: int | None = None  # the rows up to here were cut, and this checkpoint stands for them
    signed_to: int | None = None  # the last row of which a checkpoint was found right

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.first_bad is None


class Walk:
    """One walk along a chain, from its first kept row; or from `start`, a checkpoint: then what came since counts."""

    def __init__(self, chain: Chain, key: bytes, start: Checkpoint | None = None) -> None:
        self._chain = chain
        self._key = key
        self._signed = {one.position: one for one in chain.checkpoints}
        self._start = start
        self._base: Checkpoint | None = None
        self._has_begun = False
        self._last = start.position if start else 0
        self._previous = start.hash if start else GENESIS
        self._rows = 0
        self._signed_to: int | None = None
        self._bad: tuple[int, str] | None = None
        if start is not None:
            self._check_signature(start)

    @property
    def device_id(self) -> UUID:
        """Whose log it is."""
        return self._chain.device_id

    def take(self, rows: Iterable[Sealed]) -> list[Sealed]:
        """Walk on; which of the rows are right. Rows that follow a bad one are not looked at."""
        return [row for row in rows if self._take(row)]

    def finish(self) -> Verdict:
        """What all of it came to."""
        end = max([self._chain.length, *self._signed])
        if not self._has_begun:
            self._begin(end + 1)
        if self._last < end:
            self._note(self._last + 1, "is missing at the end")
        elif self._chain.length < end:
            self._note(self._chain.length + 1, "is missing at the end, though it was signed")
        first_bad, why = self._bad or (None, None)
        cut_at = self._base.position if self._base is not None else None
        return Verdict(self._rows, first_bad, why, cut_at, self._signed_to)

    def _take(self, row: Sealed) -> bool:
        position = row.entry.position
        if self._bad is not None or (self._start is not None and not self._has_begun and position <= self._last):
            return False  # before the first row that counts stands what the checkpoint speaks for
        if not self._has_begun:
            self._begin(position)
        self._check_place(row)
        self._check_seal(row)
        self._check_end(row)
        if self._bad is not None:
            return False
        self._rows, self._last, self._previous = self._rows + 1, position, row.hash
        return True

    def _begin(self, position: int) -> None:
        """Where rows were cut, the last checkpoint of a row that is as old stands for what is gone."""
        self._has_begun = True
        if self._start is None and position > 1:
            old = [one for one in self._chain.checkpoints if one.position < position and self._may_stand_for(one)]
            self._base = max(old, key=lambda one: one.position, default=None)
            if self._base is not None:
                self._check_signature(self._base)
                self._last, self._previous = self._base.position, self._base.hash

    def _may_stand_for(self, checkpoint: Checkpoint) -> bool:
        return self._chain.kept_since is not None and checkpoint.created_at < self._chain.kept_since

    def _check_place(self, row: Sealed) -> None:
        position, expected = row.entry.position, self._last + 1
        if position > expected:
            self._note(expected, "is missing")
        elif position < expected:
            self._note(position, "is there twice, or out of its place")
        elif position > row.length:
            self._note(position, f"is too much: the log ends at {row.length}")

    def _check_seal(self, row: Sealed) -> None:
        if not hmac.compare_digest(entry_hash(self._previous, row.entry, row.personal_hash), row.hash):
            self._note(row.entry.position, "is not as it was written")
        elif not _is_personal_part_right(row):
            self._note(row.entry.position, "has another person or address than it was written with")

    def _check_end(self, row: Sealed) -> None:
        position = row.entry.position
        if position == self._chain.length and row.hash != self._chain.head:
            self._note(position, "is not the one with which the log ends")
        if (checkpoint := self._signed.get(position)) is not None:
            self._check_signature(checkpoint)
            if checkpoint.hash != row.hash:
                self._note(position, "is not the one that was signed: it, or one before it, was written anew")

    def _check_signature(self, checkpoint: Checkpoint) -> None:
        position = checkpoint.position
        signed = (self._chain.device_id, position, checkpoint.hash, checkpoint.created_at)
        signature = checkpoint_signature(self._key, *signed)
        if not hmac.compare_digest(signature, checkpoint.signature):
            self._note(position, "has a checkpoint that this house did not sign")
        elif self._bad is None:
            self._signed_to = position

    def _note(self, position: int, what: str) -> None:
        """The first fault counts."""
        if self._bad is None:
            self._bad = (position, f"Row {position} {what}.")


def _is_personal_part_right(row: Sealed) -> bool:
    """An erased one has no salt, and nobody in it."""
    if row.personal_salt is None:
        return row.user_id is None and row.ip_address is None
    return hmac.compare_digest(personal_hash(row.personal_salt, row.user_id, row.ip_address), row.personal_hash)
