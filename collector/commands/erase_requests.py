"""`erase-requests`: take a person out of the request log and the logs of devices. The rows stay, nobody's."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import click
from sqlalchemy import Engine

from collector.commands.person import find_first_request, find_person, shown_progress
from collector.commands.starting import open_database, settings_or_exit
from sql import statements
from sql.engine import run_once, transaction

BITE = 10_000  # rows in one transaction: their locks are held for well under a second
DEVICES = 20  # whose logs are gone through in one

privacy = statements.load("privacy")


@dataclass(frozen=True)
class Erased:
    """What an erasure came to, over all the times that it took."""

    user_id: str
    rows: int
    quarantined_lines: int
    device_entries: int
    device_commands: int


@click.command("erase-requests")
@click.argument("person")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask whether it is meant.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def erase_requests(person: str, is_sure: bool, as_json: bool) -> None:
    """Take PERSON (an e-mail or an id) out of the request log: user, address, agent, request id, detail of a failure;
    and out of the logs of devices, which stay whole without: user and address, also of commands.

    What was up to now is erased, also requests that a collector reads only later; cut short, run it again. All counts
    and times stay. The exit status is 1 when there is no such person.
    """
    settings = settings_or_exit()
    with open_database(settings) as engine:
        found = find_person(engine, person)
        if not is_sure:
            click.confirm(f"Erase every trace of {found} in the logs of requests and devices?", abort=True, err=True)
        erased = erase(engine, found)
    if as_json:
        click.echo(json.dumps(asdict(erased)))
    else:
        click.echo(
            f"{erased.rows} requests, {erased.quarantined_lines} lines that could not be read, {erased.device_entries}"
            f" entries of devices, {erased.device_commands} commands: nobody's now"
        )


def erase(engine: Engine, person: str) -> Erased:
    """Ask first, so that nothing more of the person comes in behind; then bite by bite, each a transaction."""
    until = ask(engine, person)
    since = find_first_request(engine, person)
    with shown_progress("Erasing", since, until) as reach:
        while since and (bite := next_bite(engine, person, since, until)):
            run_once(engine, privacy.erase_requests, person=person, first=bite[0], last=bite[1])
            since = bite[1]
            reach(since)
    entries, commands = erase_at_devices(engine, person, until)
    [(rows, lines)] = run_once(engine, privacy.finish_erasure, person=person)
    return Erased(person, rows, lines, entries, commands)


def erase_at_devices(engine: Engine, person: str, until: datetime) -> tuple[int, int]:
    """Entries and commands that were the person's, at all devices: guests leave theirs at others'."""
    entries = commands = 0
    after: UUID | None = None
    while devices := [row[0] for row in run_once(engine, privacy.list_logged_devices, after=after, most=DEVICES)]:
        [(more_entries, more_commands)] = run_once(
            engine, privacy.erase_device_entries, person=person, device_ids=devices, until=until
        )
        entries, commands, after = entries + more_entries, commands + more_commands, devices[-1]
    return entries, commands


def ask(engine: Engine, person: str) -> datetime:
    """Note whom to erase while no batch is being stored; up to when."""
    with transaction(engine) as connection:
        statements.run(connection, privacy.lock_erasures)
        asked_at: datetime = statements.run(connection, privacy.ask_erasure, person=person)[0][0]
    return asked_at


def next_bite(engine: Engine, person: str, since: datetime, until: datetime) -> tuple[datetime, datetime] | None:
    """The times of the first and last of the next requests to erase; None when none is left."""
    values = {"person": person, "since": since, "until": until, "most": BITE}
    [(first, last)] = run_once(engine, privacy.find_bite, **values)
    return (first, last) if first else None
