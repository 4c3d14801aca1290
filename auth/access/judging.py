"""What may be a PIN, and whether a code that is known opens at a moment: pure. Knows no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from common.lock_protocol.qr import LIFE_SECONDS, SLACK_SECONDS
from common.lock_protocol.schedule import is_within


@dataclass(frozen=True, slots=True)
class KnownPin:
    """A PIN with all that decides whether it opens."""

    id: int
    verifier: str
    name: str
    starts_at: datetime
    expires_at: datetime | None
    schedule: Sequence[Mapping[str, Any]] | None
    max_uses: int | None
    uses: int


def is_guessable(pin: str) -> bool:
    """Whether its digits are all the same, or run up or down by one: what a guesser tries first."""
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    return len(steps) == 1 and steps <= {-1, 0, 1}


def pin_refusal(pin: KnownPin, timezone: str, now: datetime) -> Literal["used", "schedule", "expired"] | None:
    """Why a PIN does not open at `now`, or None; in the protocol's order. Before its window it is as out of hours."""
    if pin.starts_at > now:
        return "schedule"
    if pin.expires_at is not None and pin.expires_at <= now:
        return "expired"
    if not is_within(pin.schedule, timezone, now):
        return "schedule"
    if pin.max_uses is not None and pin.uses >= pin.max_uses:
        return "used"
    return None


def is_qr_fresh(expires_at: int, now: datetime) -> bool:
    """Whether a QR code's end, in seconds since 1970, lies within the life of one from `now`, but for clocks' slack."""
    moment = now.timestamp()  # compared, never subtracted from: who has the key may sign a number of any length
    return moment - SLACK_SECONDS <= expires_at <= moment + LIFE_SECONDS + SLACK_SECONDS
