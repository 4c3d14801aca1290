"""Which locks need somebody, and who is guessing? Asked every 30 seconds, and at once when auth locks codes out.

Only the rules of security, which are cheap; those of the house are asked by `evaluate_alerts`.
"""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter

from collector.alerting.evaluation import evaluate
from collector.alerting.rules import SECURITY_NAMES, SECURITY_RULES
from collector.job import Context, Job


class Metrics:
    """Alerts by what became of them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.opened = Counter(
            "watchhouse_security_alerts_opened_total",
            "Security alerts opened by a rule of this collector, by rule",
            ["rule"],
            registry=registry,
        )
        self.resolved = Counter(
            "watchhouse_security_alerts_resolved_total",
            "Security alerts resolved by a rule of this collector, by rule",
            ["rule"],
            registry=registry,
        )
        for rule in SECURITY_NAMES:
            self.opened.labels(rule)
            self.resolved.labels(rule)


def run(context: Context[Metrics]) -> None:
    """Ask them, one collector at a time; and count what came of it."""
    found = evaluate(context.engine, context.settings, context.clock(), SECURITY_RULES)
    for rule in found.opened:
        context.metrics.opened.labels(rule).inc()
    for rule in found.resolved:
        context.metrics.resolved.labels(rule).inc()


JOB = Job(
    name="watch_security",
    every=timedelta(seconds=30),
    grace=None,
    run=run,
    metrics=Metrics,
    woken_by="alerts",
)
