"""Counters at two moments, and how much they grew in between. Pure: knows nothing of what is counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

MINUTE_SECONDS = 60


@dataclass(frozen=True)
class Counters:
    """What counters said at a moment. Those of another `source` count something else: nothing grew between them."""

    at: datetime
    totals: Mapping[str, float]
    source: str = ""


@dataclass(frozen=True)
class Growth:
    """By how much each counter grew in so many seconds. One that went back was reset, and is not told."""

    seconds: float = 0
    by_name: Mapping[str, float] = field(default_factory=dict)

    def per_minute(self) -> dict[str, float]:
        """The growth of each counter as a rate."""
        return {name: grown * MINUTE_SECONDS / self.seconds for name, grown in self.by_name.items()}


def growth_between(before: Counters | None, after: Counters) -> Growth:
    """What grew; nothing without a reading before, of another source, or when the clock did not go on."""
    if before is None or before.source != after.source or after.at <= before.at:
        return Growth()
    grown = {
        name: total - before.totals[name]
        for name, total in after.totals.items()
        if total >= before.totals.get(name, float("inf"))
    }
    return Growth((after.at - before.at).total_seconds(), grown)
