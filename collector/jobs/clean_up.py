"""What has had its time? Whole partitions, expired rows, finished messages and forgotten collectors go at 03:00.

A partition that somebody reads then is tried again until it goes.
"""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter

from collector.errors import CollectorError
from collector.job import Context, Job, Slots
from sql import statements
from sql.statements import Statement

KEEP_COLLECTORS = timedelta(days=30)
MOST_AT_ONCE = 10_000

checks = statements.load("checks")
collecting = statements.load("collecting")
device_audit = statements.load("device_audit")
fleet = statements.load("fleet_clean_up")
journal = statements.load("journal")
outbox = statements.load("outbox")
privacy = statements.load("privacy")

DELETIONS: dict[str, Statement] = {
    "sessions": collecting.delete_expired_sessions,
    "one_time_tokens": collecting.delete_expired_tokens,
    "idempotency_keys": collecting.delete_old_answers,
    "login_throttle": collecting.delete_released_brakes,
    "job_runs": collecting.delete_old_slots,
    "check_requests": checks.delete_old_check_requests,
    "outbox": outbox.delete_finished_messages,
    "quarantined_lines": journal.delete_old_quarantined_lines,
    "journal_segments": journal.delete_old_segments,
    "journal_states": journal.delete_silent_journals,
    "request_erasures": privacy.delete_old_erasures,
    "dead_letters": fleet.delete_old_dead_letters,
    "device_commands": fleet.delete_old_commands,
    "device_boots": fleet.delete_old_boots,
    "device_checkpoints": device_audit.delete_old_checkpoints,
    "qr_uses": fleet.delete_old_qr_uses,
}


class Metrics:
    """What was dropped and deleted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.dropped = Counter(
            "watchhouse_partitions_dropped_total", "Partitions dropped by this collector", registry=registry
        )
        self.deleted = Counter(
            "watchhouse_deleted_rows_total", "Rows deleted by this collector, by table", ["table"], registry=registry
        )
        for table in (*DELETIONS, "collectors"):
            self.deleted.labels(table)


def run(context: Context[Metrics]) -> None:
    """Each table goes by itself, and in bites: what is gone is gone, though a later statement may fail.

    Raises CollectorError when the daemon stops before all is gone, or a partition is in use, so that the slot is free
    for whoever comes next.
    """
    for table, statement in DELETIONS.items():
        _delete_all(context, table, statement)
    silent = context.query(collecting.delete_silent_collectors, keep=KEEP_COLLECTORS)[0][0]
    context.metrics.deleted.labels("collectors").inc(silent)
    while (dropped := context.query(collecting.drop_partitions, moment=context.clock())[0][0]) > 0:
        context.metrics.dropped.inc(dropped)
    if dropped < 0:
        raise CollectorError("a partition that should go is in use")


def _delete_all(context: Context[Metrics], table: str, statement: Statement) -> None:
    while rows := context.query(statement, most=MOST_AT_ONCE)[0][0]:
        context.metrics.deleted.labels(table).inc(rows)
        if context.stopping.is_set():
            raise CollectorError(f"stopped while cleaning up {table}")


JOB = Job(
    name="clean_up",
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=Metrics,
    slots=Slots(every=timedelta(days=1), offset=timedelta(hours=3), lease=timedelta(minutes=30)),
)
