"""Does the broker know exactly the locks that may sign in? Its password file is made of the table, and it is told."""

from datetime import timedelta

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from collector.fleet.accounts import lines_of, password_of, render, tell_broker, write_when_changed
from collector.job import Context, Job
from sql import statements

EVERY = timedelta(seconds=30)

sql = statements.load("broker_accounts")
log = structlog.get_logger()


class Metrics:
    """How many locks have an account, and how often the file changed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.accounts = Gauge("watchhouse_broker_accounts", "Locks that the broker lets in", registry=registry)
        self.written = Counter(
            "watchhouse_broker_accounts_written_total", "Times the broker's accounts were written", registry=registry
        )


def run(context: Context[Metrics]) -> None:
    """Write the file when it differs, and tell the broker that runs here."""
    settings = context.settings
    if settings.broker_accounts is None or settings.mqtt_url is None:
        return
    memory = context.fleet
    memory.account_lines = lines_of(context.query(sql.list_broker_devices), settings.device_key, memory.account_lines)
    text = render(memory.account_lines.values(), settings.device_key, password_of(settings.mqtt_url))
    if write_when_changed(settings.broker_accounts, text):
        context.metrics.written.inc()
        log.info("broker_accounts_written", locks=len(memory.account_lines))
    context.metrics.accounts.set(len(memory.account_lines))
    if settings.broker_pid_file is not None:
        memory.told_broker = tell_broker(settings.broker_pid_file, text, memory.told_broker)


JOB = Job(
    name="write_broker_accounts",
    every=EVERY,
    grace=None,
    run=run,
    metrics=Metrics,
    woken_by="devices",
    is_wanted=lambda settings: bool(settings.broker_accounts and settings.mqtt_url),
)
