"""The figures of the monitors as the cache keeps them: those of a monitor for 5 minutes, how they spread and what is
popular for an hour, the health of what we lean on for a minute.
"""

from collections.abc import Callable
from typing import Any

from auth.cache import Kept, NothingKept
from auth.database import run_alone
from auth.health.parts import measure_cache, measure_database
from auth.house import house
from auth.http.problems import overloaded
from sql import monitors

FIGURE_SECONDS = 300
SPREAD_SECONDS = 3600
HEALTH_SECONDS = 60


def read_users() -> Kept:
    """Figures of accounts, with their roles."""
    return _spread(_figures("users", lambda: monitors.read_users(run_alone)), "role_distribution")


def read_books() -> Kept:
    """Figures of books, with their categories and what is popular."""
    kept = _spread(_figures("books", lambda: monitors.read_books(run_alone)), "category_distribution")
    popular = _keep("popularity_metrics", SPREAD_SECONDS, lambda: monitors.read_popular(run_alone))
    kept.value["popularity_metrics"] = popular.value
    return kept


def read_loans() -> Kept:
    """Figures of loans, with whose and of what they are."""
    return _spread(_figures("loans", lambda: monitors.read_loans(run_alone)), "by_role", "by_category")


def read_analytics() -> Kept:
    """Figures of what is kept of requests."""
    return _figures("analytics", lambda: monitors.read_analytics(run_alone))


def read_requests() -> Kept:
    """What the last hour's requests came to."""
    return _figures("requests", lambda: monitors.read_requests(run_alone))


def read_overview() -> Kept:
    """Of users, books and loans what the system's monitor tells."""
    return _figures("overview", lambda: monitors.read_overview(run_alone))


def read_health() -> Kept:
    """How database and cache are doing."""
    return _keep("health", HEALTH_SECONDS, _measure_parts)


def _measure_parts() -> dict[str, Any]:
    return {"database": measure_database().model_dump(), "cache": measure_cache().model_dump()}


def _figures(name: str, read: Callable[[], Any]) -> Kept:
    return _keep(name, FIGURE_SECONDS, read)


def _spread(kept: Kept, *parts: str) -> Kept:
    """Those parts of figures that are kept for longer: one statement gives both, so they are taken from it when due.

    They are as old as the figures that they were taken from, which may have been kept for a while.
    """
    longer = _keep("+".join(parts), SPREAD_SECONDS, lambda: {part: kept.value[part] for part in parts}, kept.made_at)
    kept.value.update(longer.value)
    return kept


def _keep(name: str, seconds: int, make: Callable[[], Any], made_at: float | None = None) -> Kept:
    """What is kept under a name; 503 while others are still busy making the first of it."""
    try:
        return house().cache.keep(name, seconds, make, made_at)
    except NothingKept:
        raise overloaded("The figures are being read; try again shortly") from None
