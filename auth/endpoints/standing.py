"""How an endpoint stands at the moment of reading: what is known of it, overlaid with time and planned maintenance."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol, cast

from common.maintenance import MOMENT, Calendar, Plan
from common.states import MAINTENANCE, UNKNOWN, State


class Known(Protocol):
    """What the collector last found, and how far its evidence reaches."""

    state: str
    valid_until: datetime


class Standing:
    """The states of endpoints at `now`; each plan is looked at once for all of them."""

    def __init__(self, plans: Iterable[Plan], now: datetime) -> None:
        self._calendar = Calendar(plans, now, now + MOMENT)
        self._now = now

    def of(self, endpoint_id: int, known: Known | None, *, is_enabled: bool = True) -> State:
        """Unknown when nobody watches or watched; maintenance while a plan covers it; else what was found."""
        if not is_enabled:
            return UNKNOWN
        if self._calendar.of(endpoint_id):
            return MAINTENANCE
        if known is None or known.valid_until < self._now:
            return UNKNOWN
        return cast("State", known.state)
