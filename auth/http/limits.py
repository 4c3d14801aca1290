"""How many requests a user, else an address, may make: GCRA in memory that all workers share.

The memory is anonymous and made before the workers are forked, so it is one for all of them, needs no database and
no lock: a lost update between two workers at the same microsecond lets one request more through, nothing worse.
Source of the algorithm: ITU-T I.371, the virtual scheduling form of the generic cell rate algorithm.
"""

import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from time import monotonic

CELL = struct.Struct("<Qd")  # whose cell it is, and the time up to which they have used their rate
WAYS = 4
SETS = 16_384
MINUTE = 60.0
ROUNDING = 1e-5  # seconds: the sum of a minute's intervals is not quite a minute in floating point


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, how many more could right now, and the seconds until the next one may, or all."""

    is_allowed: bool
    remaining: int
    seconds: int


class RequestLimits:
    """`per_minute` requests at once for each key, won back evenly over a minute, over all processes forked after this.

    The clock is the machine's monotonic one, the same in every process: setting the time locks nobody out.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self.per_minute = per_minute
        self.policy = f'"default";q={per_minute};w=60'
        self._interval = MINUTE / per_minute
        self._clock = clock
        self._memory = mmap.mmap(-1, SETS * WAYS * CELL.size)

    def take(self, key: str) -> Verdict:
        """Count one request of `key`."""
        now = self._clock()
        fingerprint = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little") or 1
        offset, used_until = self._find(fingerprint, now)
        next_until = max(used_until, now) + self._interval
        ahead = next_until - now
        if ahead > MINUTE + ROUNDING:
            return Verdict(False, 0, int(ahead - MINUTE) + 1)
        CELL.pack_into(self._memory, offset, fingerprint, next_until)
        return Verdict(True, int((MINUTE - ahead) / self._interval + 0.01), int(ahead) + 1)

    def _find(self, fingerprint: int, now: float) -> tuple[int, float]:
        """The key's cell in its set, else the cell of the set whose owner has waited longest."""
        start = (fingerprint % SETS) * WAYS * CELL.size
        oldest, oldest_until = start, float("inf")
        for offset in range(start, start + WAYS * CELL.size, CELL.size):
            owner, used_until = CELL.unpack_from(self._memory, offset)
            if owner == fingerprint:
                return offset, used_until
            if used_until < oldest_until:
                oldest, oldest_until = offset, used_until
        return oldest, now
