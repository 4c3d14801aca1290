"""A moment as simulated people see it. It must not know where the time comes from."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """`elapsed` seconds since the start of the run, the `clock`, and the share of the term (0 to 1) that is over."""

    elapsed: float
    clock: datetime
    share_of_term: float = 0.0
