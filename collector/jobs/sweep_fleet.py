"""Which locks have left, fallen silent or come back, and which commands did nobody answer in time?

Several may sweep at once: each change is made by one of them. Only who hears the fleet says that a lock is silent.
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from uuid import UUID

from prometheus_client import CollectorRegistry
from sqlalchemy.pool import PoolProxiedConnection

from collector.fleet.answers import PAST, describe
from collector.fleet.command_metrics import CommandMetrics, Outcome, command_metrics
from collector.job import Context, Job
from sql import device_log, statements
from sql.device_log import Draft
from sql.engine import transaction
from sql.statements import Row, run

EVERY = timedelta(seconds=1)
FLAP = timedelta(seconds=5)
SILENCE = timedelta(seconds=90)  # three heartbeats; SQL's is_online_now says the same
MOST = 1000

commands = statements.load("device_commands")
fleet = statements.load("fleet_sweep")


def find_changes(connection: PoolProxiedConnection, listened: timedelta) -> list[Draft]:
    """Settle who is online; the entries of those who changed. A deleted device changes without one."""
    fallen = run(connection, fleet.settle_fallen, listened=listened, flap=FLAP, silence=SILENCE)
    heard = run(connection, fleet.settle_heard, silence=SILENCE)
    return [
        Draft(
            device_id=UUID(device),
            event_type="OFFLINE",
            description="Went offline" if offline_since else f"Not heard for {SILENCE.seconds} s",
            happened_at=offline_since,
        )
        for device, offline_since, is_kept in fallen
        if is_kept
    ] + [
        Draft(device_id=UUID(device), event_type="ONLINE", description="Heard again")
        for device, is_kept in heard
        if is_kept
    ]


def draft_expired(rows: Iterable[Row]) -> list[Draft]:
    """The entries of commands that expired, those that a person asked for."""
    return [
        Draft(
            device_id=UUID(device),
            event_type=command,
            description=describe(command, success=False, reason=reason),
            success=False,
            user_id=UUID(user_id) if user_id else None,
            ip_address=ip_address,
        )
        for device, command, user_id, ip_address, reason, _ in rows
        if command in PAST
    ]


def sweep(context: Context[CommandMetrics]) -> int:
    """One sweep in one transaction; how many commands it ended."""
    with transaction(context.engine) as connection:
        drafts = find_changes(connection, context.fleet.listened)
        expired = run(connection, commands.expire_commands, most=MOST)
        device_log.append(partial(run, connection), drafts + draft_expired(expired))
    context.metrics.note(Outcome(row[1], "expired", row[-1]) for row in expired)
    return len(expired)


def perform(context: Context[CommandMetrics]) -> None:
    """Sweep until nothing is left, and count what is open."""
    while sweep(context) == MOST:
        pass
    [(queued, unanswered)] = context.query(commands.count_open_commands)
    context.metrics.queued.set(queued)
    context.metrics.unanswered.set(unanswered)


def make_metrics(registry: CollectorRegistry) -> CommandMetrics:
    """Those that the fleet's link counts in, too."""
    return command_metrics(registry)


JOB = Job(
    name="sweep_fleet",
    every=EVERY,
    grace=None,
    run=perform,
    metrics=make_metrics,
    is_wanted=lambda settings: bool(settings.mqtt_url),
)
