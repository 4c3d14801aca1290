"""Which messages of locks are missing below those that are stored? A lock keeps them: it is asked for them again."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from prometheus_client import CollectorRegistry, Counter

from collector.fleet.memory import Gap
from collector.job import Context, Job
from common.lock_protocol.commands import LIFE_SECONDS
from sql import statements

EVERY = timedelta(seconds=5)
PATIENCE = timedelta(seconds=5)  # messages overtake one another: what is missing now may be on its way
ASK_AGAIN = timedelta(seconds=30)  # and twice as long each time that nothing came of it,
ASK_AT_LAST = timedelta(hours=1)  # up to this
LIFE = timedelta(seconds=LIFE_SECONDS["BACKFILL"])
MOST = 500

sql = statements.load("device_commands")


class Metrics:
    """How often something was missing."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.asked = Counter(
            "watchhouse_fleet_gaps_asked_total", "Gaps in locks' messages that were asked for", registry=registry
        )


def note_gaps(known: Mapping[Gap, datetime], found: Iterable[Gap], now: datetime) -> dict[Gap, datetime]:
    """The gaps there are, each with when it was first noticed."""
    return {gap: known.get(gap, now) for gap in found}


def choose(noticed: Mapping[Gap, datetime], now: datetime) -> list[Gap]:
    """Those that have lasted, one of a device: its oldest boot's first."""
    lasting = sorted(gap for gap, since in noticed.items() if now - since >= PATIENCE)
    first = {gap[0]: gap for gap in reversed(lasting)}
    return list(first.values())[-MOST:]


def run(context: Context[Metrics]) -> None:
    """Look for gaps, and ask for those that have lasted."""
    if not context.fleet.is_listening:
        return
    rows = context.query(sql.read_gaps, pause=ASK_AGAIN, longest=ASK_AT_LAST)
    ends = {(UUID(device), boot, first): last for device, boot, first, last in rows}
    now = context.clock()
    context.fleet.gaps = note_gaps(context.fleet.gaps, ends, now)
    chosen = choose(context.fleet.gaps, now)
    if chosen:
        ask(context, {gap: ends[gap] for gap in chosen})


def ask(context: Context[Metrics], ends: Mapping[Gap, int]) -> None:
    """Mark their boots as asked for, and ask for those that nobody else marked."""
    marked = context.query(
        sql.claim_gaps,
        device_ids=[device for device, _, _ in ends],
        boots=[boot for _, boot, _ in ends],
        pause=ASK_AGAIN,
    )
    ours = {(UUID(device), boot) for device, boot in marked}
    asked = [
        {"device_id": device, "command": "BACKFILL", "params": {"boot": boot, "from": first, "to": last}}
        for (device, boot, first), last in ends.items()
        if (device, boot) in ours
    ]
    made = context.query(sql.ask_commands, asked=orjson.dumps(asked).decode(), life=LIFE)
    context.metrics.asked.inc(len(made))


JOB = Job(
    name="request_backfill",
    every=EVERY,
    grace=None,
    run=run,
    metrics=Metrics,
    is_wanted=lambda settings: bool(settings.mqtt_url),
)
