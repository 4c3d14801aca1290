"""What a bad network does to messages: some come twice, some come late and so out of order. Pure but for its luck."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random


@dataclass(frozen=True)
class Faults:
    """The share of messages that are `doubled`, and that are `delayed` up to `longest` seconds."""

    doubled: float = 0.0
    delayed: float = 0.0
    longest: float = 1.0
    luck: Random = field(default_factory=Random)

    def delays(self) -> Iterator[float]:
        """After how many seconds one message arrives: once or twice."""
        yield self._delay()
        if self.luck.random() < self.doubled:
            yield self._delay()

    def _delay(self) -> float:
        return self.luck.uniform(0, self.longest) if self.luck.random() < self.delayed else 0.0
