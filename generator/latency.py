"""Percentiles of a stream in bounded memory: logarithmic bins, within 1 % of the true value, merged by adding.

It must not know what is measured.
"""

import math
from collections.abc import Iterable

RELATIVE_ERROR = 0.01
LOWEST = 0.0001
HIGHEST = 1000.0
_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA = math.log(_GAMMA)


class Sketch:
    """Counts of seconds by bin; at most some 800 bins between 0.1 ms and 1000 s, whatever is put in."""

    __slots__ = ("bins", "count", "longest")

    def __init__(self) -> None:
        self.bins: dict[int, int] = {}
        self.count = 0
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        """Count one value; values outside the bounds count as the bound."""
        held = min(max(seconds, LOWEST), HIGHEST)
        place = math.ceil(math.log(held) / _LOG_GAMMA)
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
                return float(2 * _GAMMA**place / (_GAMMA + 1))
        return None


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """One sketch of all of them together."""
    whole = Sketch()
    for sketch in sketches:
        whole.merge(sketch)
    return whole
