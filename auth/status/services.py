"""Services as the public sees them: each with its state, in groups, and the whole. Knows nothing of the database."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from common.states import MAINTENANCE, State, group_state

DAYS = 90
UNWATCHED = "u"
WINDOWS = ("24h", "7d", "30d", "90d")
NO_VALUES = (None,) * len(WINDOWS)
UNGROUPED = "Services"
WORDS: dict[State, str] = {
    "operational": "Operational",
    "degraded": "Degraded",
    "partial_outage": "Partial outage",
    "major_outage": "Major outage",
    "maintenance": "Maintenance",
    "unknown": "Unknown",
}
HEADLINES: dict[State, str] = {
    "operational": "All Systems Operational",
    "degraded": "Degraded Performance",
    "partial_outage": "Partial Outage",
    "major_outage": "Major Outage",
    "maintenance": "Under Maintenance",
    "unknown": "Status Unknown",
}
UPDATE_WORDS = {
    "investigating": "Investigating",
    "identified": "Identified",
    "monitoring": "Monitoring",
    "resolved": "Resolved",
}


@dataclass(frozen=True, slots=True)
class Service:
    """A public endpoint; uptime and coverage in percent by window, its days as letters, the oldest first."""

    id: int
    name: str
    state: State
    since: str | None
    uptime: dict[str, float | None]
    coverage: dict[str, float | None]
    response_ms: dict[str, float | None]
    days: str
    last_checked_at: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Services that stand together, and the state that follows from theirs."""

    name: str
    state: State
    services: list[Service]


def services_of(rows: Iterable[dict[str, Any]], is_in_maintenance: Callable[[int], bool]) -> list[Service]:
    """The services of `rows`; planned maintenance goes before whatever else is known of one."""
    return [_service_of(row, is_in_maintenance(row["id"])) for row in rows]


def groups_of(rows: Iterable[dict[str, Any]], services: Iterable[Service]) -> list[Group]:
    """The services by group, in the order in which they come."""
    groups: dict[str, list[Service]] = {}
    for row, service in zip(rows, services, strict=True):
        groups.setdefault(row["group_name"] or UNGROUPED, []).append(service)
    return [Group(name, whole_state(members), members) for name, members in groups.items()]


def whole_state(services: Iterable[Service]) -> State:
    """The state of all of them together."""
    return group_state(service.state for service in services)


def _service_of(row: dict[str, Any], is_in_maintenance: bool) -> Service:
    return Service(
        id=row["id"],
        name=row["name"],
        state=MAINTENANCE if is_in_maintenance else cast("State", row["state"]),
        since=row["since"],
        uptime=_by_window(row["uptime"]),
        coverage=_by_window(row["coverage"]),
        response_ms={
            "last": row["last_duration_ms"],
            "avg_24h": row["response_avg_24h_ms"],
            "p95_24h": row["response_p95_24h_ms"],
        },
        days=shift_days(row["days"] or "", row["days_ago"] or 0),
        last_checked_at=row["last_checked_at"],
    )


def _by_window(values: Sequence[float | None] | None) -> dict[str, float | None]:
    return dict(zip(WINDOWS, values or NO_VALUES, strict=True))


def shift_days(days: str, days_ago: int) -> str:
    """The last 90 days as of today, of letters that ended so many days ago: nobody measured the days since."""
    return (days + UNWATCHED * max(0, days_ago))[-DAYS:].rjust(DAYS, UNWATCHED)
