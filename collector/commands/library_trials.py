"""The library's trials: auth's cache, what it counts, and the five monitors.

A monitor is tried in three parts: that its figures can be read and make sense, by the very statements that auth shows;
that auth has it, and shows it to nobody who has not signed in; and what it shows staff, where somebody of it is named.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from collector.auth import read_metrics, read_page
from collector.commands.trial import Bench, Trial, TrialFailed, read_health
from collector.figures.scrape import read_total
from sql import monitors, statements
from sql.device_log import Run
from sql.engine import run_once, transaction
from sql.monitors import Figures
from sql.statements import run

SEARCHES = "library_search_queries_total"
MODEL_KEYS = {"model", "timestamp", "overview", "alerts"}
KEYS = {
    "system": MODEL_KEYS - {"model", "overview", "alerts"}
    | {"system_overview", "health_status", "performance_overview", "critical_alerts", "uptime"},
    "users": MODEL_KEYS | {"role_distribution", "verification_stats", "activity_metrics"},
    "books": MODEL_KEYS | {"category_distribution", "inventory_metrics", "popularity_metrics"},
    "loans": MODEL_KEYS | {"overdue_by_age", "due_soon", "by_role", "by_category", "avg_loan_days"},
    "analytics": MODEL_KEYS | {"retention"},
}
ALERT_KEYS = {"severity", "metric", "value", "threshold", "message"}

sql = statements.load("figures")


def look_at_cache(bench: Bench) -> str:
    """All workers can write to it and read it."""
    cache = read_health(bench).get("cache", {"status": "unknown"})
    if cache["status"] != "healthy":
        raise TrialFailed(f"the cache is {cache['status']}")
    return f"{cache['latency_ms']:.1f} ms to write and read"


def look_at_searches(bench: Bench) -> str:
    """What is told of searches is what is stored of them: no less than before it was asked, no more than after."""
    before = _count_searches(bench)
    try:
        told = read_total(read_metrics(bench.settings, SEARCHES)[1], SEARCHES)
    except ValueError:
        raise TrialFailed("AUTH_URL: what /metrics answers are no metrics") from None
    if told is None or not before <= told <= _count_searches(bench):
        raise TrialFailed(f"/metrics tells {'nothing' if told is None else f'{told:.0f}'} of {before} searches")
    return f"{told:.0f} searches"


def _count_searches(bench: Bench) -> int:
    [(searches,)] = run_once(bench.engine, sql.read_event_total, event="search")
    return int(searches)


def look_at_monitor(name: str, read: Callable[[Run], Figures], bench: Bench) -> str:
    """Its figures can be read, its rates are shares, and auth guards it."""
    with transaction(bench.engine) as connection:
        figures = list(figures_of(read(partial(run, connection))))
    odd = [f"{figure} {value}" for figure, value in figures if figure.endswith("_rate") and not 0 <= value <= 100]
    if odd:
        raise TrialFailed(f"no share: {', '.join(odd)}")
    page = read_page(bench.settings, f"/api/analytics/monitor/{name}/")
    if page.status != 401:
        raise TrialFailed(f"answers {page.status} to who has not signed in, not 401")
    shown = look_as_staff(name, bench) if bench.staff.is_named else "not seen as staff: STAFF_EMAIL is not set"
    return f"{len(figures)} figures; {shown}"


def look_as_staff(name: str, bench: Bench) -> str:
    """It is shown to staff, with the keys of the contract, and so is each of its alerts."""
    began = time.perf_counter()
    page = bench.staff.read(f"/api/analytics/monitor/{name}/")
    seconds = time.perf_counter() - began
    if page.status != 200:
        raise TrialFailed(f"answers {page.status} to STAFF_EMAIL")
    told = page.parse()
    if told.keys() != KEYS[name]:
        raise TrialFailed(f"its keys are not those of the contract: {', '.join(sorted(told.keys() ^ KEYS[name]))}")
    alerts = told["critical_alerts" if name == "system" else "alerts"]
    if any(set(alert) != ALERT_KEYS for alert in alerts):
        raise TrialFailed("an alert has other keys than those of the contract")
    metrics = ", ".join(alert["metric"] for alert in alerts) or "none"
    return f"shown to staff in {1000 * seconds:.1f} ms, alerts: {metrics}"


def figures_of(told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each figure by its own name, however deep it stands."""
    for name, value in told.items():
        if isinstance(value, Mapping):
            yield from figures_of(value)
        else:
            yield name, value


def read_system(read: Run) -> Figures:
    """What the system's monitor is made of."""
    return {**monitors.read_overview(read), "requests": monitors.read_requests(read)}


def read_books(read: Run) -> Figures:
    """What the books' monitor is made of."""
    return {**monitors.read_books(read), "popularity_metrics": monitors.read_popular(read)}


MONITORS: tuple[tuple[str, str, Callable[[Run], Figures]], ...] = (
    ("System Monitor", "system", read_system),
    ("User Monitor", "users", monitors.read_users),
    ("Book Monitor", "books", read_books),
    ("Loan Monitor", "loans", monitors.read_loans),
    ("Analytics Monitor", "analytics", monitors.read_analytics),
)
LIBRARY_TRIALS = (
    Trial("metrics", "Cache System", look_at_cache),
    Trial("metrics", "Search Query Tracking", look_at_searches),
    *(Trial("metrics", title, partial(look_at_monitor, name, read)) for title, name, read in MONITORS),
)
