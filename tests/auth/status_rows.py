"""Rows that the status page is made of: what staff plans and writes, and what a collector finds."""

import itertools
from collections.abc import Callable
from typing import Any

from tests.support.client import Api
from tests.support.databases import Database

PAGE, DOCUMENT, FEED = "/health/status-page/", "/health/status-page-api/", "/health/feed.atom"
FINE = "o" * 90

_numbers = itertools.count(1)


def collecting(place: Api | Database) -> Callable[..., Any]:
    """What runs a statement with a collector's rights."""
    return place.collect if isinstance(place, Api) else place.rows


def add_service(
    place: Api | Database,
    name: str = "",
    state: str | None = "operational",
    *,
    good_for: str = "1 hour",
    days: str = FINE,
    uptime: float = 100,
    coverage: float = 100,
    measured: str = "0 s",
    **columns: Any,
) -> int:
    """A public endpoint; with how it stands and its figures, unless its state is None."""
    columns = {"name": name or f"Service {next(_numbers):06}", "url": "/livez", **columns}
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    made: int = place.one(f"INSERT INTO endpoints ({names}) VALUES ({marks}) RETURNING id", *columns.values())
    if state is None:
        return made
    collect = collecting(place)
    collect(
        "INSERT INTO endpoint_states (endpoint_id, state, since, valid_until, last_checked_at, last_outcome, "
        "last_duration_ms, track) VALUES (%s, %s, now() - interval '2 hours', now() + %s::interval, now(), "
        "'operational', 12.3, '{}')",
        made,
        state,
        good_for,
    )
    collect(
        "INSERT INTO endpoint_figures (endpoint_id, uptime_24h, uptime_7d, uptime_30d, uptime_90d, coverage_24h, "
        "coverage_7d, coverage_30d, coverage_90d, days, response_avg_24h_ms, response_p95_24h_ms, measured_at) "
        "VALUES (%s, %s, 99.5, 99.6, 99.7, %s, 91, 92, 93, %s, 45.6, 78.9, now() - %s::interval)",
        made,
        uptime,
        coverage,
        days,
        measured,
    )
    return made


def add_interval(place: Api | Database, endpoint_id: int, state: str, began: str, ended: str | None) -> None:
    """A span of an endpoint, by how long ago it began and ended."""
    collecting(place)(
        "INSERT INTO state_intervals (endpoint_id, state, began_at, ended_at) "
        "VALUES (%s, %s, now() - %s::interval, now() - %s::interval)",
        endpoint_id,
        state,
        began,
        ended,
    )


def add_incident(
    place: Api | Database,
    title: str,
    endpoint_ids: tuple[int, ...] = (),
    *,
    started: str = "1 hour",
    resolved: str | None = None,
    message: str = "We look into it.",
    by_rule: bool = False,
    impact: str = "major_outage",
) -> int:
    """An incident with one update, by staff unless `by_rule`; it started and was resolved so long ago."""
    author = None if by_rule else staff_id(place)
    status = "resolved" if resolved else "investigating"
    made: int = place.one(
        "INSERT INTO incidents (title, status, impact, opened_by, started_at, resolved_at) "
        "VALUES (%s, %s, %s, %s, now() - %s::interval, now() - %s::interval) RETURNING id",
        title,
        status,
        impact,
        author,
        started,
        resolved,
    )
    for endpoint_id in endpoint_ids:
        place.rows("INSERT INTO incident_endpoints VALUES (%s, %s)", made, endpoint_id)
    place.rows(
        "INSERT INTO incident_updates (incident_id, status, message, created_at) "
        "VALUES (%s, %s, %s, now() - %s::interval)",
        made,
        status,
        message,
        resolved or started,
    )
    return made


def add_plan(
    place: Api | Database,
    title: str,
    endpoint_ids: tuple[int, ...] | None = None,
    *,
    starts: str,
    lasts: str = "1 hour",
    rrule: str | None = None,
    description: str = "",
) -> int:
    """Maintenance of some endpoints, or of all; it starts (for the first time) so far from now."""
    made: int = place.one(
        "INSERT INTO maintenance (title, description, starts_at, ends_at, rrule, is_for_all) "
        "VALUES (%s, %s, now() + %s::interval, now() + %s::interval + %s::interval, %s, %s) RETURNING id",
        title,
        description,
        starts,
        starts,
        lasts,
        rrule,
        endpoint_ids is None,
    )
    for endpoint_id in endpoint_ids or ():
        place.rows("INSERT INTO maintenance_endpoints VALUES (%s, %s)", made, endpoint_id)
    return made


def staff_id(place: Api | Database) -> str:
    """Somebody of staff."""
    made: str = place.one(
        "INSERT INTO app_users (email, password_hash, is_staff) VALUES (%s, 'none', true) RETURNING id::text",
        f"writer-{next(_numbers)}@example.com",
    )
    return made
