"""The figures of the five monitors, each by one statement and in the keys that the monitors show.

auth shows them, and the collector judges them for its alerts: both ask here, with their own `run`. It knows of no
alert, no threshold and no cache. Rates are percentages with two decimals, 0.0 where there is nothing to divide by.
"""

from collections.abc import Iterable
from typing import Any

from sql import statements
from sql.device_log import Run

Figures = dict[str, Any]

LABELS = {"student": "Student", "teacher": "Teacher", "librarian": "Librarian", "admin": "Administrator"}
DAY_SECONDS = 86_400

sql = statements.load("monitors")


def rate(part: float, whole: float) -> float:
    """How many per cent of `whole` are `part`."""
    return round(100 * part / whole, 2) if whole else 0.0


def read_users(run: Run) -> Figures:
    """Accounts: how many, how many sign in, what of them is verified. `pending_rate` is what alerts go by."""
    rows = {role: counts for role, *counts in run(sql.read_users_figures)}
    sums = [sum(column) for column in zip(*rows.values(), strict=True)] if rows else [0] * 11
    total, enabled, daily, weekly, monthly, never, verified, no_email, no_identity, no_profession, waiting = sums
    return {
        "overview": _people(total, monthly),
        "role_distribution": {role: _role(role, rows.get(role)) for role in LABELS},
        "verification_stats": {
            "fully_verified": verified,
            "pending_email": no_email,
            "pending_identity": no_identity,
            "pending_professional": no_profession,
        },
        "activity_metrics": {
            "daily_active": daily,
            "weekly_active": weekly,
            "monthly_active": monthly,
            "never_logged_in": never,
        },
        "pending_rate": rate(waiting, enabled),
    }


def read_books(run: Run) -> Figures:
    """Books that are there, in copies; of titles, how many run short, ran out, are asked for more than there are."""
    [(titles, total, available, lent, low_stock, out_of_stock, wanted, categories)] = run(sql.read_books_figures)
    return {
        "overview": _copies(total, available, lent),
        "category_distribution": {
            category: {"total_books": copies, "available_books": left, "utilization_rate": rate(away, copies)}
            for category, copies, left, away in categories
        },
        "inventory_metrics": {
            "low_stock": low_stock,
            "out_of_stock": out_of_stock,
            "high_demand": wanted,
            "avg_copies_per_book": round(total / titles, 2) if titles else 0.0,
        },
    }


def read_popular(run: Run) -> Figures:
    """The ten books that were looked at and borrowed most."""
    [(viewed, borrowed)] = run(sql.read_popular_books)
    return {
        "most_viewed": [{"title": title, "views": views} for title, views in viewed],
        "most_borrowed": [{"title": title, "borrows": borrows} for title, borrows in borrowed],
    }


def read_loans(run: Run) -> Figures:
    """Loans: how many there were, run, are overdue and for how long; whose and of what they are."""
    [row] = run(sql.read_loans_figures)
    borrows, returns, lent_seconds, active, overdue, in_week, over_month, soon, roles, categories = row
    return {
        "overview": {
            "total_loans": borrows,
            "active_loans": active,
            "overdue_loans": overdue,
            "returned_loans": returns,
            "overdue_rate": rate(overdue, active + overdue),
        },
        "overdue_by_age": {"1-7": in_week, "8-30": overdue - in_week - over_month, "over_30": over_month},
        "due_soon": soon,
        "by_role": _shares(roles),
        "by_category": _shares(categories),
        "avg_loan_days": round(lent_seconds / returns / DAY_SECONDS, 2) if returns else 0.0,
    }


def read_overview(run: Run) -> dict[str, Figures]:
    """Of users, books and loans what the system's monitor and the alerts go by, in one snapshot."""
    [row] = run(sql.read_overview_figures)
    users, seen, enabled, waiting, total, available, lent, active, overdue = row
    running = {"active_loans": active, "overdue_loans": overdue, "overdue_rate": rate(overdue, active + overdue)}
    return {
        "users": {"overview": _people(users, seen), "pending_rate": rate(waiting, enabled)},
        "books": {"overview": _copies(total, available, lent)},
        "loans": {"overview": running},
    }


def read_analytics(run: Run) -> Figures:
    """What is kept of requests, how far behind it is, and for how long it is kept."""
    [(raw, oldest, hourly, rolled_up, lag, raw_days, minute_days)] = run(sql.read_kept_requests)
    return {
        "overview": {
            "raw_rows": raw,
            "hourly_rows": hourly,
            "oldest_raw": oldest,
            "ingest_lag_seconds": None if lag is None else round(lag, 3),
            "last_rollup": rolled_up,
        },
        "retention": {"raw_days": round(raw_days), "minute_days": round(minute_days)},
    }


def read_requests(run: Run) -> Figures:
    """What the last hour's requests came to; None where nobody measured. Times are in seconds."""
    [row] = run(sql.read_last_hour)
    requests, errors, api_requests, api_seconds, queries, query_seconds, operations, cache_seconds, reads, hits = row
    return {
        "requests": requests,
        "api_requests": api_requests or 0,
        "error_rate": rate(errors, requests),
        "avg_api_response": _mean(api_seconds, api_requests),
        "avg_db_query": _mean(query_seconds, queries),
        "avg_cache_operation": _mean(cache_seconds, operations),
        "queries_per_request": _mean(queries, requests, 2),
        "cache_hits": rate(hits, reads) if reads else None,
        "cache_reads": reads or 0,
    }


def _people(total: int, active: int) -> Figures:
    return {"total_users": total, "active_users": active, "activity_rate": rate(active, total)}


def _role(role: str, counts: list[int] | None) -> Figures:
    return {
        "count": counts[0] if counts else 0,
        "label": LABELS[role],
        "active_count": counts[4] if counts else 0,
    }


def _copies(total: int, available: int, lent: int) -> Figures:
    return {
        "total_books": total,
        "available_books": available,
        "borrowed_books": lent,
        "availability_rate": rate(available, total),
    }


def _shares(rows: Iterable[tuple[str, int, int]]) -> Figures:
    return {name: {"active_loans": active, "overdue_loans": overdue} for name, active, overdue in rows}


def _mean(amount: float | None, count: float | None, digits: int = 6) -> float | None:
    return None if amount is None or not count else round(amount / count, digits)
