"""`verify-logs`: are devices' logs as they were written?"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from uuid import UUID

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Engine

from collector.commands.person import id_or_none
from collector.commands.starting import open_database, settings_or_exit
from sql.device_audit import list_devices, verify_devices
from sql.engine import run_once

FAILED = 1
DEVICES = 20  # verified together


@dataclass(frozen=True, slots=True)
class Result:
    """What was found of one device."""

    id: UUID
    device_id: str
    name: str
    rows: int
    first_bad: int | None
    why: str | None
    from_checkpoint: int | None
    signed_to: int | None


@click.command("verify-logs")
@click.option("--device", metavar="ID", help="Only this one, by its id or the name under which it is claimed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify_logs(context: click.Context, device: str | None, as_json: bool) -> None:
    """Walk along the whole log of every device, and name the first row that is missing, changed or too much.

    The exit status is 1 when a log is not as it was written, or there is no such device.
    """
    settings, began, verified = settings_or_exit(), time.perf_counter(), 0
    broken: list[Result] = []
    rows = 0
    with open_database(settings) as engine:
        for result in shown(verify(engine, settings.device_key, device)):
            verified, rows = verified + 1, rows + result.rows
            broken += [result] if result.first_bad is not None else []
    if device is not None and not verified:
        raise click.ClickException(f"no device has the id or name {device}")
    told = {"devices": verified, "rows": rows, "seconds": round(time.perf_counter() - began, 3)}
    if as_json:
        click.echo(json.dumps(told | {"broken": [asdict(one) for one in broken]}, default=str))
    else:
        click.echo("\n".join(lines_of(verified, rows, broken)))
    if broken:
        context.exit(FAILED)


def verify(engine: Engine, device_key: str, device: str | None) -> Iterator[Result]:
    """All devices, or the one that is named."""
    run = partial(run_once, engine)
    after: UUID | None = None
    while found := list_devices(run, device and id_or_none(device), device, after, DEVICES):
        verdicts = verify_devices(run, [one for one, _, _ in found], device_key)
        yield from (Result(one, claimed_as, name, **asdict(verdicts[one])) for one, claimed_as, name in found)
        after = found[-1][0]


def shown(results: Iterator[Result]) -> Iterator[Result]:
    """The same, with their number on a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield from progress.track(results, description="Verifying")


def lines_of(devices: int, rows: int, broken: list[Result]) -> Iterator[str]:
    """How much was seen, and what is wrong."""
    yield f"{rows} rows of {devices} devices: {'all as they were written' if not broken else f'{len(broken)} broken'}"
    yield from (f"{one.device_id} ({one.id}): {one.why}" for one in broken)
