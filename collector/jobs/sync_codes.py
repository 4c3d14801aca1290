"""Has each lock that is online its codes? It says version and hash of its table; where they differ it is told anew."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import orjson
from prometheus_client import CollectorRegistry, Counter

from collector.fleet.codes import Wanted, forget_absent, make_wanted, may_tell, note_telling
from collector.fleet.memory import Table
from collector.job import Context, Job
from common.lock_protocol.commands import LIFE_SECONDS
from sql import statements

EVERY = timedelta(seconds=5)
LIFE = timedelta(seconds=LIFE_SECONDS["CODES"])

sql = statements.load("device_commands")


class Metrics:
    """How often a lock's table was another than ours."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.told = Counter(
            "watchhouse_fleet_code_tables_told_total", "Code tables that locks were told anew", registry=registry
        )


def run(context: Context[Metrics]) -> None:
    """Look at tables that are not known to be right, and tell those that are not."""
    if not context.fleet.is_listening:
        return
    memory = context.fleet
    told = read_told(context)
    memory.right_tables = forget_absent(memory.right_tables, told)
    memory.tellings = forget_absent(memory.tellings, told)
    unsure = [device for device, table in told.items() if memory.right_tables.get(device) != table]
    if not unsure:
        return
    wrong = {}
    for device, wanted in read_wanted(context, unsure).items():
        if wanted.is_had(told[device]):
            memory.right_tables[device] = told[device]
            memory.tellings.pop(device, None)
        elif may_tell(wanted, memory.tellings.get(device), context.clock()):
            wrong[device] = wanted
    tell(context, wrong)


def read_told(context: Context[Metrics]) -> dict[UUID, Table]:
    """What the locks that are online say of their tables."""
    return {UUID(device): Table(*words) for device, *words in context.query(sql.read_told_tables)}


def read_wanted(context: Context[Metrics], devices: Iterable[UUID]) -> dict[UUID, Wanted]:
    """The tables that some devices should have."""
    rows = context.query(sql.read_tables, device_ids=list(devices))
    return {UUID(device): make_wanted(*words) for device, *words in rows}


def tell(context: Context[Metrics], wrong: dict[UUID, Wanted]) -> None:
    """Ask for one CODES for each, all in one statement."""
    if not wrong:
        return
    asked = [{"device_id": device, "command": "CODES", "params": wanted.params} for device, wanted in wrong.items()]
    made = context.query(sql.ask_commands, asked=orjson.dumps(asked).decode(), life=LIFE)
    now = context.clock()
    for device in (UUID(row[0]) for row in made):
        context.fleet.tellings[device] = note_telling(wrong[device], context.fleet.tellings.get(device), now)
    context.metrics.told.inc(len(made))


JOB = Job(
    name="sync_codes",
    every=EVERY,
    grace=None,
    run=run,
    metrics=Metrics,
    woken_by="devices",
    is_wanted=lambda settings: bool(settings.mqtt_url),
)
