"""What the service must have counted: an exact number, or a range where an answer never came.

It must not know HTTP. An entry is of somebody or something, and of a figure: a person's e-mail and an action in one
ledger, a route and a class of status in another.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

Key = tuple[str, str]
Counts = Mapping[Key, int]
FOLDED = "other"


class Verdict(Enum):
    """What is known about one request when it ends."""

    COUNTED = auto()
    NOT_COUNTED = auto()
    UNCERTAIN = auto()


class Ledger:
    """Requests by entry. What is opened and never settled stays uncertain."""

    def __init__(self) -> None:
        self.counted: Counter[Key] = Counter()
        self.uncertain: Counter[Key] = Counter()

    def open(self, key: Key) -> None:
        """Note a request before it leaves: from now on the service may count it."""
        self.uncertain[key] += 1

    def settle(self, key: Key, verdict: Verdict) -> None:
        """Note what became of an opened request."""
        if verdict is Verdict.UNCERTAIN:
            return
        self.uncertain[key] -= 1
        if verdict is Verdict.COUNTED:
            self.counted[key] += 1


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: what the service added, and the bounds of what it must have added."""

    whose: str
    figure: str
    low: int
    high: int
    served: int

    @property
    def holds(self) -> bool:
        """Whether the service's figure lies within the bounds."""
        return self.low <= self.served <= self.high


@dataclass(frozen=True, slots=True)
class Comparison:
    """The ledger against the service's own book. `unnamed`: users whom the service has folded into "other".

    Where others use what is counted, `is_shared`, the service may well have more than our bounds, but never less.
    """

    lines: tuple[Line, ...]
    unnamed: tuple[str, ...] = ()
    is_shared: bool = False

    @property
    def differing(self) -> tuple[Line, ...]:
        """Lines that do not hold."""
        return tuple(line for line in self.lines if not line.holds and not (self.is_shared and line.served > line.high))

    @property
    def holds(self) -> bool:
        """Whether every line holds and nobody is missing from the service's figures."""
        return not self.differing and not self.unnamed

    def totals(self) -> dict[str, dict[str, int]]:
        """By figure, the sums of low, high and served."""
        sums: dict[str, dict[str, int]] = {}
        for line in self.lines:
            whole = sums.setdefault(line.figure, {"low": 0, "high": 0, "served": 0})
            whole["low"] += line.low
            whole["high"] += line.high
            whole["served"] += line.served
        return sums


def compare(
    ledger: Ledger, before: Counts, after: Counts, keys: Iterable[Key], *, is_shared: bool = False
) -> Comparison:
    """Hold the ledger against what the service's counts gained, for each of `keys`."""
    named = {user for user, _ in after}
    unnamed = {user for user, _ in +ledger.counted} - named if FOLDED in named else set()
    lines = []
    for key in sorted(keys):
        low = ledger.counted[key]
        if key[0] not in unnamed:
            gained = after.get(key, 0) - before.get(key, 0)
            lines.append(Line(*key, low, low + ledger.uncertain[key], gained))
    return Comparison(tuple(lines), tuple(sorted(unnamed)), is_shared)
