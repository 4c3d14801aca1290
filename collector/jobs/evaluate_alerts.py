"""Which rules of the house are broken now, and which hold again? Asked every three minutes, once over all collectors.

Those of security are asked by `watch_security`.
"""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter

from collector.alerting.evaluation import evaluate
from collector.alerting.rules import HOUSE_NAMES, HOUSE_RULES
from collector.job import Context, Job, Slots

EVERY = timedelta(minutes=3)


class Metrics:
    """Alerts by what became of them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.opened = Counter(
            "watchhouse_alerts_opened_total", "Alerts opened by this collector, by rule", ["rule"], registry=registry
        )
        self.resolved = Counter(
            "watchhouse_alerts_resolved_total",
            "Alerts resolved by this collector, by rule",
            ["rule"],
            registry=registry,
        )
        for rule in HOUSE_NAMES:
            self.opened.labels(rule)
            self.resolved.labels(rule)


def run(context: Context[Metrics]) -> None:
    """Ask all rules, and count what came of it."""
    found = evaluate(context.engine, context.settings, context.clock(), HOUSE_RULES)
    for rule in found.opened:
        context.metrics.opened.labels(rule).inc()
    for rule in found.resolved:
        context.metrics.resolved.labels(rule).inc()


JOB = Job(
    name="evaluate_alerts",
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=Metrics,
    slots=Slots(every=EVERY, lease=timedelta(minutes=2)),
)
