"""All database work of analytics; the collectors write what is read here."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from auth.analytics.heat_map import FIRST_BINS, HeatMap, draw, step_of
from auth.analytics.schemas import DEFAULT_SHARES, AnalyticsView, AuditView, JournalStanding, LatencyStep
from auth.analytics.telling import Counts, tell
from auth.analytics.window import DAY, HOUR, MINUTE, WEEK, Window, end_of, floor, newest_minute
from auth.database import run_alone
from sql.statements import Row, load

statements = load("analytics")


def read_analytics(
    window: Window,
    now: datetime,
    *,
    endpoint: str = "",
    method: str | None = None,
    shares: Iterable[float] = DEFAULT_SHARES,
) -> AnalyticsView:
    """The analytics view of a window, of one route where it is named."""
    wanted = tuple(shares)
    [(day, week, minute, whole, steps, routes, quantiles)] = run_alone(
        statements.read_analytics,
        **_scope(window, endpoint, method),
        step=window.step,
        day=floor(now, MINUTE) - DAY,
        week=floor(now - WEEK, HOUR),
        minute=newest_minute(now),
        now=end_of(now),
        shares=list(wanted),
    )
    return tell(Counts(day, week, minute, whole, steps, routes, quantiles), window, wanted, now)


def read_latency(window: Window, *, endpoint: str = "", method: str | None = None) -> list[LatencyStep]:
    """Every step of a window with its latency."""
    rows = run_alone(statements.read_latency, **_scope(window, endpoint, method), step=window.step)
    found = {row[0]: row for row in rows}
    return [_latency_of(found[start]) if start in found else LatencyStep(at=start) for start in window.starts]


def read_heat_map(window: Window, *, endpoint: str = "", method: str | None = None) -> HeatMap:
    """The heat map of a window's latency."""
    cells = run_alone(
        statements.read_heat_map, **_scope(window, endpoint, method), step=step_of(window), first_bins=list(FIRST_BINS)
    )
    return draw(window, ((start, row, requests) for start, row, requests in cells))


def list_routes() -> list[tuple[str, str]]:
    """Every route and method that was ever asked, in order."""
    return [(endpoint, method) for endpoint, method in run_alone(statements.list_routes)]


def read_first_hour() -> datetime | None:
    """The first hour of which anything is known."""
    [(hour,)] = run_alone(statements.read_first_hour)
    return hour if isinstance(hour, datetime) else None


def read_journal_states() -> list[JournalStanding]:
    """How the journal of each host stands."""
    return [JournalStanding(**row[0]) for row in run_alone(statements.read_journal_states)]


def read_audits(since: datetime, until: datetime) -> list[AuditView]:
    """The closed hours of a span as the self-audit found them, newest first."""
    return [AuditView(**row[0]) for row in run_alone(statements.read_audits, since=since, until=until)]


def _scope(window: Window, endpoint: str, method: str | None) -> dict[str, Any]:
    return {"since": window.since, "until": window.until, "endpoint": endpoint, "method": method}


def _latency_of(row: Row) -> LatencyStep:
    at, requests, errors, client_errors, average, p50, p95, p99 = row
    return LatencyStep(
        at=at,
        requests=requests,
        errors=errors,
        client_errors=client_errors,
        average_ms=average,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
    )
