"""What the cache was asked and how long it took, counted over all workers. It knows nothing of what is kept there."""

from typing import Literal

from flask import Flask, current_app
from prometheus_client import Counter, Histogram

KEY = "cache_counts"
BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)

Operation = Literal["read", "write"]
Result = Literal["hit", "miss", "error", "stored"]

KNOWN: tuple[tuple[Operation, Result], ...] = (
    ("read", "hit"),
    ("read", "miss"),
    ("read", "error"),
    ("write", "stored"),
    ("write", "error"),
)


class CacheCounts:
    """The counters of one app; every combination of labels is there from the start, so that a rate has a beginning."""

    def __init__(self) -> None:
        operations = Counter(
            "library_cache_operations_total",
            "Operations on the cache, by operation and result.",
            ("operation", "result"),
            registry=None,
        )
        seconds = Histogram(
            "library_cache_operation_duration_seconds",
            "Time that an operation on the cache took.",
            ("operation",),
            buckets=BUCKETS,
            registry=None,
        )
        self._operations = {labels: operations.labels(*labels) for labels in KNOWN}
        self._seconds = {operation: seconds.labels(operation) for operation, _ in KNOWN}

    def note(self, operation: Operation, result: Result, seconds: float) -> None:
        """Count one operation."""
        self._operations[operation, result].inc()
        self._seconds[operation].observe(seconds)


def count_cache(app: Flask) -> None:
    """Give `app` its counters; after `count_requests`, which says where counts are kept."""
    app.extensions[KEY] = CacheCounts()


def note_cache(operation: Operation, result: Result, seconds: float) -> None:
    """Count one operation on the cache of the app that serves this request."""
    counts: CacheCounts = current_app.extensions[KEY]
    counts.note(operation, result, seconds)
