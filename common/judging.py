"""Which figures of the house are alerts: pure, of the figures and the thresholds alone.

auth's monitors show these alerts, and the collector opens and resolves its own by them: so both say the same words.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from common.thresholds import Breach, Severity, Thresholds

Status = Literal["healthy", "warning", "critical"]

# Who looks once in a while misses each time, as the cache is meant to forget: that is no fault.
FEWEST_READS = 100
FEWEST_REQUESTS = 20  # one of three that failed, or was slow, is no rate


def judge_users(figures: Mapping[str, Any], thresholds: Thresholds) -> list[Breach]:
    """Whether too many accounts wait for a verification."""
    rate = figures["pending_rate"]
    words = "{value:g} % of the accounts wait for a verification, more than {threshold:g} %"
    return _above("pending_verifications", rate, thresholds.alert_pending_verifications, words)


def judge_books(figures: Mapping[str, Any], thresholds: Thresholds) -> list[Breach]:
    """Whether too few copies are available; a library without books lacks none."""
    overview = figures["overview"]
    if not overview["total_books"]:
        return []
    words = "{value:g} % of all copies of books are available, fewer than {threshold:g} %"
    return _below("availability_rate", overview["availability_rate"], thresholds.alert_availability, words)


def judge_loans(figures: Mapping[str, Any], thresholds: Thresholds) -> list[Breach]:
    """Whether too many of the loans that run are overdue."""
    rate = figures["overview"]["overdue_rate"]
    words = "{value:g} % of the loans that run are overdue, more than {threshold:g} %"
    return _above("overdue_rate", rate, thresholds.alert_overdue_rate, words)


def judge_requests(figures: Mapping[str, Any], thresholds: Thresholds) -> list[Breach]:
    """Whether the last hour's requests failed too often, took too long or too much work; few of them say little."""
    seconds = figures["avg_api_response"] if figures["api_requests"] >= FEWEST_REQUESTS else None
    is_enough = figures["requests"] >= FEWEST_REQUESTS
    rate, queries = (figures[name] if is_enough else None for name in ("error_rate", "queries_per_request"))
    hits = figures["cache_hits"] if figures["cache_reads"] >= FEWEST_READS else None
    failed = "{value:g} % of the requests of the last hour failed, more than {threshold:g} %"
    slow = "Answers of the API took {value:g} ms on average in the last hour, more than {threshold:g} ms"
    busy = "A request took {value:g} queries on average in the last hour, more than {threshold:g}"
    missed = "{value:g} % of the reads of the cache were hits in the last hour, fewer than {threshold:g} %"
    return [
        *_above("error_rate", rate, thresholds.alert_error_rate, failed),
        *_above(
            "response_time", None if seconds is None else round(seconds * 1000, 2), thresholds.alert_response_ms, slow
        ),
        *_above("queries_per_request", queries, thresholds.alert_queries_per_request, busy),
        *_below("cache_hits", hits, thresholds.alert_cache_hits, missed),
    ]


def judge_part(part: str, is_failing: bool) -> list[Breach]:
    """A part of the house that fails is an alert by itself: of one that should work, none does."""
    return [Breach("critical", part, 0.0, 1.0, f"The {part} is failing")] if is_failing else []


def status_of(breaches: Iterable[Breach]) -> Status:
    """How something stands of which these are the alerts."""
    severities: set[Severity] = {breach.severity for breach in breaches}
    if not severities:
        return "healthy"
    return "critical" if "critical" in severities else "warning"


def _above(metric: str, value: float | None, threshold: float, words: str) -> list[Breach]:
    """Critical from twice the threshold on."""
    if value is None or value <= threshold:
        return []
    return [_breach("critical" if value >= 2 * threshold else "warning", metric, value, threshold, words)]


def _below(metric: str, value: float | None, threshold: float, words: str) -> list[Breach]:
    """Critical at half the threshold or less."""
    if value is None or value >= threshold:
        return []
    return [_breach("critical" if value <= threshold / 2 else "warning", metric, value, threshold, words)]


def _breach(severity: Severity, metric: str, value: float, threshold: float, words: str) -> Breach:
    return Breach(severity, metric, value, threshold, words.format(value=value, threshold=threshold))
