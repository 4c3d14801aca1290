"""Has the broker heard that it has new accounts? It is told twice: a call that comes during another is forgotten."""

from datetime import timedelta
from typing import Any

from collector.fleet.accounts import confirm
from collector.job import Context, Job, no_metrics

EVERY = timedelta(seconds=1)


def run(context: Context[Any]) -> None:
    """Tell it once more, when it was told a moment ago."""
    path = context.settings.broker_pid_file
    if path is not None:
        context.fleet.told_broker = confirm(path, context.fleet.told_broker)


JOB = Job(
    name="confirm_broker_accounts",
    every=EVERY,
    grace=EVERY,
    run=run,
    metrics=no_metrics,
    is_wanted=lambda settings: bool(settings.broker_accounts and settings.broker_pid_file and settings.mqtt_url),
)
