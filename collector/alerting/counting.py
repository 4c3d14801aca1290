"""Alerts counted by rule and by what became of them, for a job that asks rules. Knows neither rules nor jobs."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter

from collector.alerting.evaluation import Evaluation


class AlertCounts:
    """Counters `{family}_opened_total` and `{family}_resolved_total`; each of `rules` is there from the start."""

    def __init__(self, registry: CollectorRegistry, *, family: str, rules: Iterable[str]) -> None:
        self._opened = Counter(
            f"{family}_opened_total", "Alerts opened by this collector, by rule", ["rule"], registry=registry
        )
        self._resolved = Counter(
            f"{family}_resolved_total", "Alerts resolved by this collector, by rule", ["rule"], registry=registry
        )
        for rule in rules:
            self._opened.labels(rule)
            self._resolved.labels(rule)

    def note(self, found: Evaluation) -> None:
        """Count what came of asking."""
        for rule in found.opened:
            self._opened.labels(rule).inc()
        for rule in found.resolved:
            self._resolved.labels(rule).inc()
