"""Which code table a lock should have, and whether it has it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from collector.fleet.memory import Table, Telling
from common.lock_protocol.codes import table_hash
from common.lock_protocol.commands import write_params

NEVER_HAD_ONE = (0, "")
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
DOUBLINGS = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """The table that a device should have, as the CODES that brings it."""

    params: dict[str, Any]

    @property
    def hash(self) -> str:
        """What a lock that has it calls it."""
        return table_hash(write_params(self.params))

    def is_had(self, told: Table) -> bool:
        """Whether that is what the lock says it has; who was never given a code needs no table without any."""
        if (told.told_version, told.told_hash) == NEVER_HAD_ONE:
            return not self.params["codes"] and not self.params["version"]
        return (told.told_version, told.told_hash) == (self.params["version"], self.hash)


def make_wanted(version: int, timezone: str, codes: list[dict[str, Any]]) -> Wanted:
    """From what the tables hold; `codes` in the order of their ids."""
    return Wanted({"version": version, "timezone": timezone, "codes": codes})


def forget_absent(known: Mapping[UUID, Any], present: Iterable[UUID]) -> dict[UUID, Any]:
    """What is still of use: so that what is remembered of locks stays within those that are there."""
    return {device: known[device] for device in present if device in known}


def may_tell(wanted: Wanted, last: Telling | None, now: datetime) -> bool:
    """Whether to tell a lock its table. One that does not take it is told ever less often."""
    return last is None or last.hash != wanted.hash or now >= last.at + pause_after(last.times)


def pause_after(times: int) -> timedelta:
    """How long to wait after the same table was told so many times in vain."""
    doubled: int = 2 ** min(times - 1, DOUBLINGS)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def note_telling(wanted: Wanted, last: Telling | None, now: datetime) -> Telling:
    """It is told now."""
    is_same = last is not None and last.hash == wanted.hash
    return Telling(wanted.hash, (last.times if last and is_same else 0) + 1, now)
