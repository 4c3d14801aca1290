"""From where on a figure of the house is an alert: settings that auth shows by and the collector tells by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from common.settings import integer, setting

Severity = Literal["warning", "critical"]


def _threshold(name: str, limits: Callable[[str], int], words: str, default: str) -> Any:
    return setting(f"ALERT_THRESHOLDS_{name}", limits, words, default=default)


@dataclass(frozen=True)
class Thresholds:
    """The part of a process' settings that figures are judged by."""

    alert_error_rate: int = _threshold(
        "ERROR_RATE", integer(0, 100), "Alert when more % of requests fail with 5xx", default="5"
    )
    alert_availability: int = _threshold(
        "AVAILABILITY", integer(0, 100), "Alert when fewer % of all copies of books are available", default="20"
    )
    alert_overdue_rate: int = _threshold(
        "OVERDUE_RATE", integer(0, 100), "Alert when more % of the loans that run are overdue", default="10"
    )
    alert_response_ms: int = _threshold(
        "RESPONSE_TIME_MS",
        integer(1, 600_000),
        "Alert when an hour's average answer takes more ms",
        default="1000",
    )
    alert_pending_verifications: int = _threshold(
        "PENDING_VERIFICATIONS",
        integer(0, 100),
        "Alert when more % of the accounts wait for a verification",
        default="20",
    )
    alert_queries_per_request: int = _threshold(
        "QUERIES_PER_REQUEST", integer(1, 10_000), "Alert when a request takes more queries on average", default="50"
    )
    alert_cache_hits: int = _threshold(
        "CACHE_HITS", integer(0, 100), "Alert when fewer % of the reads of the cache are hits", default="50"
    )


@dataclass(frozen=True, slots=True)
class Breach:
    """An alert as monitors show it: a figure beyond its threshold."""

    severity: Severity
    metric: str
    value: float
    threshold: float
    message: str
