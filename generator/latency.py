"""Percentiles of a stream in bounded memory, within 1 % of the true value, merged by adding.

It must not know what is measured.
"""

import math
from collections.abc import Iterable

from common.sketch import bin_of, value_of

LOWEST = 0.0001
HIGHEST = 1000.0


class Sketch:
    """Counts of seconds by bin; at most some 800 bins between 0.1 ms and 1000 s, whatever is put in."""

    __slots__ = ("bins", "count", "longest")

    def __init__(self) -> None:
        self.bins: dict[int, int] = {}
        self.count = 0
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        """Count one value; values outside the bounds count as the bound."""
        place = bin_of(min(max(seconds, LOWEST), HIGHEST) * 1000)
        self.bins[place] = self.bins.get(place, 0) + 1
        self.count += 1
        self.longest = max(self.longest, seconds)

    def merge(self, other: "Sketch") -> None:
        """Add everything that `other` has counted."""
        for place, number in other.bins.items():
            self.bins[place] = self.bins.get(place, 0) + number
        self.count += other.count
        self.longest = max(self.longest, other.longest)

    def percentile(self, share: float) -> float | None:
        """The value below or at which `share` (0 to 1) of all lie; None when nothing was counted."""
        rank = max(1, math.ceil(share * self.count))
        seen = 0
        for place in sorted(self.bins):
            seen += self.bins[place]
            if seen >= rank:
                return value_of(place) / 1000
        return None


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """One sketch of all of them together."""
    whole = Sketch()
    for sketch in sketches:
        whole.merge(sketch)
    return whole
