"""Slows whoever guesses codes at a lock: five wrong attempts in ten minutes, and it refuses all codes for a while.

The arithmetic is in the statements: an attempt is written down before it is looked at, and taken back when it was
right. The owner's app never comes here.
"""

from datetime import datetime, timedelta
from uuid import UUID

from auth.access.store import statements
from auth.database import run_alone, run_within

MOST_WRONG = 5
WATCHED = timedelta(minutes=10)
SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(hours=4)
CALM = timedelta(days=1)  # after a lockout without another, the next is a first one again


class LockedOut(Exception):
    """All codes are refused for `seconds`, or as many as may be are being looked at."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


def reserve(device_id: UUID) -> datetime:
    """Write an attempt down, committed; what it is known by. Raises LockedOut."""
    [(moment, is_reserved, seconds)] = run_alone(
        statements.reserve_attempt, device_id=str(device_id), most=MOST_WRONG, watched=WATCHED
    )
    if not is_reserved:
        raise LockedOut(seconds)
    return moment  # type: ignore[no-any-return]  # the driver has no types


def give_back(device_id: UUID, moment: datetime) -> None:
    """The attempt was never looked at; committed."""
    run_alone(statements.take_back_attempt, device_id=str(device_id), moment=moment)


def take_back(device_id: UUID, moment: datetime) -> None:
    """The attempt was right, in the request's transaction."""
    run_within(statements.take_back_attempt, device_id=str(device_id), moment=moment)


def keep(device_id: UUID, moment: datetime) -> timedelta | None:
    """The attempt was wrong, in the request's transaction: how long a lockout is that begins by it, if one does."""
    rows = run_within(
        statements.keep_attempt,
        device_id=str(device_id),
        moment=moment,
        most=MOST_WRONG,
        watched=WATCHED,
        shortest=SHORTEST,
        longest=LONGEST,
        calm=CALM,
    )
    return timedelta(seconds=rows[0][0]) if rows else None
