"""Which rules of the house are broken now, and which hold again? Asked every three minutes, once over all collectors.

Those of security are asked by `watch_security`.
"""

from datetime import timedelta
from functools import partial

from collector.alerting.counting import AlertCounts
from collector.alerting.evaluation import evaluate
from collector.alerting.rules import HOUSE_NAMES, HOUSE_RULES
from collector.job import Context, Job, Slots

EVERY = timedelta(minutes=3)


def run(context: Context[AlertCounts]) -> None:
    """Ask all rules, and count what came of it."""
    context.metrics.note(evaluate(context.engine, context.settings, context.clock(), HOUSE_RULES))


JOB = Job(
    name="evaluate_alerts",
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=partial(AlertCounts, family="watchhouse_alerts", rules=HOUSE_NAMES),
    slots=Slots(every=EVERY, lease=timedelta(minutes=2)),
)
