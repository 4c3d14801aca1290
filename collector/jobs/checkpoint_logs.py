"""Are devices' logs as they were written? What came since they were signed last is walked along, and signed each hour.

A log that is not right gets no checkpoint: a security alert tells its first bad row.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from collector.errors import CollectorError
from collector.fleet.alarms import Alarm, raise_alarms
from collector.job import Context, Job, Slots
from common.lock_protocol.chain_walk import Verdict
from sql.device_checkpoints import sign_all
from sql.engine import transaction

Broken = Sequence[tuple[UUID, str, Verdict]]

HOUR = timedelta(hours=1)

log = structlog.get_logger()


class Metrics:
    """What was looked at."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.rows = Counter(
            "watchhouse_device_log_rows_verified_total",
            "Rows of devices' logs that this collector verified before it signed them",
            registry=registry,
        )
        self.checkpoints = Counter(
            "watchhouse_device_log_checkpoints_total", "Checkpoints that this collector signed", registry=registry
        )
        self.broken = Gauge(
            "watchhouse_device_logs_broken",
            "Devices' logs that were not as they were written at this collector's last look",
            registry=registry,
        )


def run(context: Context[Metrics]) -> None:
    """All devices, some at a time. Raises CollectorError when the daemon stops before the last, to free the slot."""
    until, broken = context.clock().replace(minute=0, second=0, microsecond=0), 0
    for signed in sign_all(context.query, context.settings.device_key, until, context.stopping.is_set):
        context.metrics.rows.inc(signed.rows)
        context.metrics.checkpoints.inc(signed.checkpoints)
        broken += len(signed.broken)
        _tell(context, signed.broken)
    if context.stopping.is_set():
        raise CollectorError("stopped before all logs were signed")
    context.metrics.broken.set(broken)


def _tell(context: Context[Metrics], broken: Broken) -> None:
    if not broken:
        return
    for device, _, verdict in broken:
        log.error("device_log_broken", device=str(device), first_bad=verdict.first_bad, why=verdict.why)
    alarms = [
        Alarm("audit_broken", device, name, f"The log of {name} is not as it was written: {verdict.why}")
        for device, name, verdict in broken
    ]
    with transaction(context.engine) as connection:
        raise_alarms(connection, alarms, context.clock())


JOB = Job(
    name="checkpoint_logs",
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=Metrics,
    slots=Slots(every=HOUR, offset=timedelta(minutes=1), lease=timedelta(minutes=30)),
)
