"""What this collector's jobs know of the fleet besides the tables. Lost with the process, at no harm.

Who does not listen cannot say that a lock is silent: so the fleet's link tells here since when it hears all.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from collector.fleet.accounts import Told
from sql.statements import Row

Gap = tuple[UUID, int, int]  # a device, its boot, the first number that is missing


@dataclass(frozen=True, slots=True)
class Table:
    """What a device's code table should be made of, and what its lock says that it has: equal ones need one look."""

    version: int
    status: str
    told_version: int
    told_hash: str


@dataclass(frozen=True, slots=True)
class Telling:
    """A code table that a lock was told, how often, and when last."""

    hash: str
    times: int
    at: datetime


@dataclass
class FleetMemory:
    """Since when the fleet is heard, if it is; gaps with when they were noticed; code tables found right, and told; and
    the broker's accounts."""

    listening_since: float | None = None
    gaps: dict[Gap, datetime] = field(default_factory=dict)
    right_tables: dict[UUID, Table] = field(default_factory=dict)
    tellings: dict[UUID, Telling] = field(default_factory=dict)
    account_lines: dict[Row, str] = field(default_factory=dict)
    told_broker: Told | None = None

    def began_listening(self) -> None:
        """All that waited at the broker is read, and what comes is stored at once. Again while it lasts: no change."""
        if self.listening_since is None:
            self.listening_since = time.monotonic()

    def stopped_listening(self) -> None:
        """Link, lease or database are gone, or we lag behind."""
        self.listening_since = None

    @property
    def is_listening(self) -> bool:
        """Whether this collector hears the fleet now."""
        return self.listening_since is not None

    @property
    def listened(self) -> timedelta:
        """For how long it has, without a break."""
        since = self.listening_since  # another thread may forget it meanwhile
        return timedelta(0) if since is None else timedelta(seconds=time.monotonic() - since)
