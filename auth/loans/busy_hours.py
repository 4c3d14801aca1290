"""When people borrow: the loans of four weeks by week day and hour. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = 24
# From which part of the busiest hour's loans on an hour is shaded how deep.
SHADES = ((1, 0.0), (2, 0.2), (3, 0.4), (4, 0.6), (5, 0.8))


@dataclass(frozen=True)
class BusyHours:
    """Loans by week day and hour: a row for each day, Monday first."""

    counts: list[list[int]]

    @property
    def busiest(self) -> int:
        """The loans of the hour that had most."""
        return max(max(row) for row in self.counts)

    def shade_of(self, count: int) -> int:
        """How deep an hour is shaded; 0 where nothing was borrowed."""
        return max((shade for shade, least in SHADES if count and count / self.busiest >= least), default=0)

    @property
    def peak(self) -> tuple[str, int]:
        """The week day and the hour with most loans, the first of several."""
        place = max(range(len(WEEKDAYS) * HOURS), key=lambda place: self.counts[place // HOURS][place % HOURS])
        return WEEKDAYS[place // HOURS], place % HOURS


def gather_hours(rows: Iterable[tuple[int, int]]) -> BusyHours:
    """The hours from (hour of the week from Monday's first on, loans); those that are not named had none."""
    counts = [[0] * HOURS for _ in WEEKDAYS]
    for hour, loans in rows:
        counts[hour // HOURS][hour % HOURS] = loans
    return BusyHours(counts)
