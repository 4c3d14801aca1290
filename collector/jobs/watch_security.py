"""Which locks need somebody, and who is guessing? Asked every 30 seconds, and at once when auth locks codes out.

Only the rules of security, which are cheap; those of the house are asked by `evaluate_alerts`.
"""

from datetime import timedelta
from functools import partial

from collector.alerting.counting import AlertCounts
from collector.alerting.evaluation import evaluate
from collector.alerting.rules import SECURITY_NAMES, SECURITY_RULES
from collector.job import Context, Job


def run(context: Context[AlertCounts]) -> None:
    """Ask them, one collector at a time; and count what came of it."""
    context.metrics.note(evaluate(context.engine, context.settings, context.clock(), SECURITY_RULES))


JOB = Job(
    name="watch_security",
    every=timedelta(seconds=30),
    grace=None,
    run=run,
    metrics=partial(AlertCounts, family="watchhouse_security_alerts", rules=SECURITY_NAMES),
    woken_by="alerts",
)
