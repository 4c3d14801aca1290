"""Signs how devices' logs stand: what came since each was signed last is walked along, and its last row signed.

A log that is not as it was written is never signed: it is told, and stays unsigned until people have seen to it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson

from common.lock_protocol.chain import checkpoint_signature
from common.lock_protocol.chain_walk import Chain, Sealed, Verdict, Walk
from sql.device_audit import as_checkpoint, as_id, checkpoint_key, sql, walk_along
from sql.device_log import Run
from sql.statements import Row

DEVICES = 100  # walked along together

Mark = tuple[UUID, int, bytes, datetime]  # a device, a position, the hash of the row there, when that came


@dataclass
class Marks:
    """Which rows are signed: the last before a moment, and the last of each month, since logs are cut by months."""

    until: datetime
    last: dict[UUID, Sealed] = field(default_factory=dict)
    ends_of_months: list[Mark] = field(default_factory=list)

    def note(self, device_id: UUID, rows: Sequence[Sealed]) -> None:
        """Rows that are right, in their order."""
        for row in rows:
            if row.entry.created_at >= self.until:
                return
            before = self.last.get(device_id)
            if before is not None and _month(before) != _month(row):
                self.ends_of_months.append(_mark(before))
            self.last[device_id] = row

    def of(self, devices: set[UUID]) -> list[Mark]:
        """All that is to be signed of these devices."""
        marks = [*self.ends_of_months, *(_mark(row) for row in self.last.values())]
        return [mark for mark in marks if mark[0] in devices]


@dataclass(frozen=True, slots=True)
class Signed:
    """What became of some devices: how many rows were walked along, how many signed, and whose logs are not right."""

    rows: int
    checkpoints: int
    broken: list[tuple[UUID, str, Verdict]]  # with the device's name


def sign_all(run: Run, device_key: str, until: datetime, is_over: Callable[[], bool]) -> Iterator[Signed]:
    """Some devices at a time, until all are done or `is_over`."""
    after: UUID | None = None
    while not is_over():
        chains = run(sql.list_unsigned_chains, after=after, most=DEVICES)
        if not chains:
            return
        yield _sign(run, chains, device_key, until)
        after = as_id(chains[-1][0])


def _sign(run: Run, rows: Sequence[Row], device_key: str, until: datetime) -> Signed:
    walks = {walk.device_id: walk for walk in (_walk(row, device_key) for row in rows)}
    growth = {as_id(row[0]): row[2] - (row[4] or 0) for row in rows}
    tails = run(sql.find_tails, device_ids=list(growth), rows=list(growth.values()))
    marks = Marks(until)
    walk_along(run, walks, {as_id(device_id): place for device_id, place in tails}, marks.note)
    verdicts = {device_id: walk.finish() for device_id, walk in walks.items()}
    names = {as_id(row[0]): row[1] for row in rows}
    signed = marks.of({device_id for device_id, verdict in verdicts.items() if verdict.is_whole})
    _store(run, signed, device_key)
    broken = [(device_id, names[device_id], one) for device_id, one in verdicts.items() if not one.is_whole]
    return Signed(sum(one.rows for one in verdicts.values()), len(signed), broken)


def _walk(row: Row, device_key: str) -> Walk:
    device_id, _, length, head, *signed = row
    start = as_checkpoint(*signed) if signed[0] is not None else None
    chain = Chain(as_id(device_id), length, bytes(head), [start] if start else [])
    return Walk(chain, checkpoint_key(device_key, chain.device_id), start)


def _store(run: Run, marks: Sequence[Mark], device_key: str) -> None:
    signed = [
        {
            "device_id": device_id,
            "position": position,
            "hash": head.hex(),
            "created_at": created_at,
            "signature": checkpoint_signature(checkpoint_key(device_key, device_id), *mark).hex(),
        }
        for mark in marks
        for device_id, position, head, created_at in [mark]
    ]
    if signed:
        run(sql.store_checkpoints, checkpoints=orjson.dumps(signed).decode())


def _mark(row: Sealed) -> Mark:
    return row.entry.device_id, row.entry.position, row.hash, row.entry.created_at


def _month(row: Sealed) -> tuple[int, int]:
    return row.entry.created_at.year, row.entry.created_at.month
