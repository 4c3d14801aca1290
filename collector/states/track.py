"""A track: all that is remembered of an endpoint between its checks, small enough to be kept in its row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collector.states.damping import QUIET, Damper
from common.states import Outcome

VERSION = 1


@dataclass(frozen=True, slots=True)
class Pending:
    """Checks in a row that speak for another state, not enough of them yet."""

    since: datetime
    checks: int
    is_slow: bool  # each of them was


@dataclass(frozen=True, slots=True)
class Track:
    """Where an endpoint stands.

    `state` is the one last confirmed, over times in which nobody watched; it holds `since`. The interval of it that is
    open `opened_at`, after the last such time. Evidence reaches from the last check's beginning until `valid_until`.
    """

    state: Outcome
    since: datetime
    opened_at: datetime
    last_began_at: datetime
    valid_until: datetime
    pending: Pending | None = None
    outages: Damper = QUIET
    levels: Damper = QUIET  # operational and degraded, one for the other
    ignored: int = 0  # checks that came too late to count

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "version": VERSION,
            "state": self.state,
            "since": self.since.isoformat(),
            "opened_at": self.opened_at.isoformat(),
            "last_began_at": self.last_began_at.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "pending": _pending_to_dict(self.pending) if self.pending else None,
            "outages": _damper_to_dict(self.outages) if self.outages != QUIET else None,
            "levels": _damper_to_dict(self.levels) if self.levels != QUIET else None,
            "ignored": self.ignored,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Track":
        """The track that was stored. Raises ValueError for one that a newer version of us wrote."""
        if stored["version"] != VERSION:
            raise ValueError(f"a track of version {stored['version']} cannot be read by this version")
        return cls(
            state=stored["state"],
            since=_moment(stored["since"]),
            opened_at=_moment(stored["opened_at"]),
            last_began_at=_moment(stored["last_began_at"]),
            valid_until=_moment(stored["valid_until"]),
            pending=_pending(stored["pending"]) if stored["pending"] else None,
            outages=_damper(stored["outages"]) if stored["outages"] else QUIET,
            levels=_damper(stored["levels"]) if stored["levels"] else QUIET,
            ignored=stored["ignored"],
        )


def _pending_to_dict(pending: Pending) -> dict[str, Any]:
    return {"since": pending.since.isoformat(), "checks": pending.checks, "is_slow": pending.is_slow}


def _pending(stored: dict[str, Any]) -> Pending:
    return Pending(_moment(stored["since"]), stored["checks"], stored["is_slow"])


def _damper_to_dict(damper: Damper) -> dict[str, Any]:
    return {
        "flips": [flip.isoformat() for flip in damper.flips],
        "is_flapping": damper.is_flapping,
        "quiet_since": damper.quiet_since.isoformat() if damper.quiet_since else None,
    }


def _damper(stored: dict[str, Any]) -> Damper:
    quiet_since = stored["quiet_since"]
    return Damper(
        flips=tuple(_moment(flip) for flip in stored["flips"]),
        is_flapping=stored["is_flapping"],
        quiet_since=_moment(quiet_since) if quiet_since else None,
    )


_moment = datetime.fromisoformat
