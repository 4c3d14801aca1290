"""Reads devices' logs to see whether they are as they were written.

auth's staff page and the collector's command and job ask the same. A page of rows at a time: a log has any length.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from common.lock_protocol.chain import Entry
from common.lock_protocol.chain_walk import Chain, Checkpoint, Sealed, Verdict, Walk
from common.lock_protocol.keys import derive_key
from sql import statements
from sql.device_log import Run
from sql.statements import Row

PAGE = 500  # rows of a device in one statement
BEFORE_ALL = -(2**63)  # no id is less, be it one that nobody here gave
ANY_VERSION = 1  # what was signed once must be read for ever: this key does not change with a device's others

sql = statements.load("device_audit")

Taken = Callable[[UUID, Sequence[Sealed]], None]


def verify(run: Run, device_id: UUID, device_key: str) -> Verdict:
    """Walk along a device's whole log; `run` as for `device_log.append`. Raises KeyError for one without a chain."""
    return verify_devices(run, [device_id], device_key)[device_id]


def verify_devices(run: Run, device_ids: Sequence[UUID], device_key: str) -> dict[UUID, Verdict]:
    """The same for some devices at once; those without a chain are left out."""
    signed: dict[UUID, list[Checkpoint]] = {}
    asked = list(device_ids)
    # What is read later is newer: there is a row for each checkpoint, and one for each place of the chain.
    for device_id, *checkpoint in run(sql.read_checkpoints, device_ids=asked):
        signed.setdefault(as_id(device_id), []).append(as_checkpoint(*checkpoint))
    rows = run(sql.read_chains, device_ids=asked)
    chains = [_chain(row, signed.get(as_id(row[0]), [])) for row in rows]
    walks = {chain.device_id: Walk(chain, checkpoint_key(device_key, chain.device_id)) for chain in chains}
    walk_along(run, walks, dict.fromkeys(walks, BEFORE_ALL))
    return {device_id: walk.finish() for device_id, walk in walks.items()}


def list_devices(
    run: Run, device_id: str | None, name: str | None, after: UUID | None, most: int
) -> list[tuple[UUID, str, str]]:
    """The next devices that have a log, as id, device_id and name; only the one of an id or a device_id where given."""
    rows = run(sql.list_chains, id=device_id, name=name, after=after, most=most)
    return [(as_id(found), claimed_as, called) for found, claimed_as, called in rows]


def walk_along(run: Run, walks: dict[UUID, Walk], places: dict[UUID, int], taken: Taken | None = None) -> None:
    """Give each walk the rows after its place, in rounds; `taken` hears of those that are right."""
    while places:
        rows = run(sql.read_entries, device_ids=list(places), after_ids=list(places.values()), most=PAGE)
        by_device: dict[UUID, list[Row]] = {}
        for row in rows:
            by_device.setdefault(as_id(row[1]), []).append(row)
        for device_id, page in by_device.items():
            right = walks[device_id].take(_sealed(row) for row in page)
            if taken is not None:
                taken(device_id, right)
        places = {device_id: page[-1][0] for device_id, page in by_device.items() if len(page) == PAGE}


def checkpoint_key(device_key: str, device_id: UUID) -> bytes:
    """What a device's checkpoints are signed with."""
    return derive_key(device_key, "checkpoint", device_id, ANY_VERSION)


def as_checkpoint(position: int, head: bytes, signature: bytes, created_at: datetime) -> Checkpoint:
    """What was signed, as the database gives it."""
    return Checkpoint(position, bytes(head), bytes(signature), created_at)


def as_id(value: UUID | str) -> UUID:
    """An id, as the database gives it."""
    return value if isinstance(value, UUID) else UUID(value)


def _chain(row: Row, checkpoints: Sequence[Checkpoint]) -> Chain:
    device_id, length, head, oldest = row
    return Chain(as_id(device_id), length, bytes(head), checkpoints, oldest)


def _sealed(row: Row) -> Sealed:
    _, device_id, position, event_type, description, success, happened_at, created_at, boot, seq, *rest = row
    user_id, ip_address, salt, personal, head, length = rest
    entry = Entry(as_id(device_id), position, event_type, description, success, happened_at, created_at, boot, seq)
    return Sealed(
        entry,
        None if user_id is None else as_id(user_id),
        ip_address,
        None if salt is None else bytes(salt),
        bytes(personal),
        bytes(head),
        length,
    )
