"""Flap damping: something that changes too often is said to flap, once; what it does meanwhile is not news.

Only what is told is held back; intervals and uptime stay as they were seen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Damping:
    """When something flaps: more than `most` changes `within` a time; until it was steady for `steady_after`."""

    most: int = 6
    within: timedelta = timedelta(hours=1)
    steady_after: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Damper:
    """The changes of late, and since when nothing has changed while somebody watched."""

    flips: tuple[datetime, ...] = ()
    is_flapping: bool = False
    quiet_since: datetime | None = None


QUIET = Damper()


def flipped(damper: Damper, at: datetime, damping: Damping) -> Damper:
    """After one more change, noticed at `at`."""
    flips = (*(flip for flip in damper.flips if at - flip < damping.within), at)[-damping.most - 1 :]
    return Damper(flips, damper.is_flapping or len(flips) > damping.most, at)


def interrupted(damper: Damper, at: datetime) -> Damper:
    """Nobody watched until `at`: that was no quiet time."""
    return Damper(damper.flips, damper.is_flapping, at) if damper.is_flapping else damper


def watched(damper: Damper, at: datetime, damping: Damping) -> Damper:
    """After a check at `at` that changed nothing: after enough of them in a row all is forgotten."""
    if damper.is_flapping and damper.quiet_since is not None and at - damper.quiet_since >= damping.steady_after:
        return QUIET
    return damper
