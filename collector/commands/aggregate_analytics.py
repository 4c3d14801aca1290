"""`aggregate-analytics`: hours of requests, rolled up now."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Engine

from collector.commands.starting import open_database, settings_or_exit
from collector.figures.request_hours import HOUR, is_kept, last_closed, roll_up
from common.clock import utc_now
from sql import statements
from sql.engine import run_once

FAILED = 1
HOURS = click.IntRange(1, 100 * 366 * 24)

sql = statements.load("request_rollups")

Hours = list[tuple[datetime, bool]]  # each hour, and whether it can be computed


@click.command("aggregate-analytics")
@click.option("--hours", "number", type=HOURS, default=24, show_default=True, help="How many, before the open one.")
@click.option("--backfill", "from_rows", is_flag=True, help="Compute each of them anew, from raw rows.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def aggregate_analytics(context: click.Context, number: int, from_rows: bool, as_json: bool) -> None:
    """Roll up those of the last N closed hours that are missing or were added to.

    The exit status is 1 when an hour could not be computed, since its raw rows are gone; what is stored of it stays.
    """
    settings, now, began = settings_or_exit(), utc_now(), time.perf_counter()
    with open_database(settings) as engine:
        hours = (list_all if from_rows else list_due)(engine, number, now)
        compute = partial(roll_up, engine, now=now, from_rows=from_rows)
        done = {hour: is_possible and compute(hour) for hour, is_possible in watched(hours)}
    left = [hour.isoformat() for hour, is_done in done.items() if not is_done]
    rolled_up, seconds = len(done) - len(left), round(time.perf_counter() - began, 3)
    told = {"rolled_up": rolled_up, "left": left, "seconds": seconds}
    click.echo(json.dumps(told) if as_json else "\n".join(lines_of(rolled_up, left)))
    if left:
        context.exit(FAILED)


def list_due(engine: Engine, number: int, now: datetime) -> Hours:
    """The hours that are missing or dirty."""
    last = last_closed(now)
    since = last - (number - 1) * HOUR
    rows = run_once(engine, sql.list_due_hours, dirty_since=since, missing_since=since, last=last)
    return [(hour, is_kept(hour, now)) for (hour,) in rows]


def list_all(engine: Engine, number: int, now: datetime) -> Hours:
    """All hours of which anything is known."""
    last = last_closed(now)
    rows = run_once(engine, sql.list_hours_with_rows, since=last - (number - 1) * HOUR, last=last)
    return [(hour, has_rows and is_kept(hour, now)) for hour, has_rows in rows]


def watched(hours: Hours) -> Iterator[tuple[datetime, bool]]:
    """The hours one after another, with a bar on a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield from progress.track(hours, description="Rolling up")


def lines_of(rolled_up: int, left: list[str]) -> Iterator[str]:
    """How many were computed, and which were not."""
    yield f"{rolled_up} hours rolled up"
    yield from (f"{hour} stays as it is: its raw rows are gone" for hour in left)
