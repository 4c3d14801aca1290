"""The command line of the generator: simulated people who bring the house to life, at a fixed open-loop rate."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import click
from rich.console import Console

from common.settings import SettingsError, read
from generator.books import books_of
from generator.client import Client
from generator.desk import Desk
from generator.display import Display, Lines, keep_showing
from generator.fleet.fleet import Fleet, FleetEnd, FleetPlan
from generator.fleet.memory import MemoryTakenError
from generator.lending.term import TERM_SECONDS
from generator.people import make_people
from generator.reckoning import HURRIED_SECONDS, SETTLE_SECONDS, ServiceAwayError, comparison_at_end, counts_at_start
from generator.run import DRAIN_SECONDS, Plan, Run, Stop
from generator.scenarios import SCENARIOS
from generator.screen import Screen
from generator.settings import Settings
from generator.staff import Staff
from generator.summary import lines_of, summarise
from generator.waiting import unless

_SCENARIO_HELP = "; ".join(f"{scenario.name}: {scenario.summary}" for scenario in SCENARIOS.values())


@click.command()
@click.option("--people", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many take part.")
@click.option(
    "--rate",
    type=click.FloatRange(0.01, 10_000),
    default=5.0,
    show_default=True,
    help="Requests a second, on the mean over the scenario's period.",
)
@click.option("--duration", type=click.FloatRange(0), default=0.0, help="Seconds; 0, the default, is for ever.")
@click.option(
    "--scenario", type=click.Choice(tuple(SCENARIOS)), default="steady", show_default=True, help=_SCENARIO_HELP
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Fixes people and schedule.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 10_000),
    default=200,
    show_default=True,
    help="Most requests in flight; arrivals over it are shed, and counted as shed.",
)
@click.option(
    "--locks", type=click.IntRange(0, 10_000), default=20, show_default=True, help="How many locks they have."
)
@click.option(
    "--deeds",
    type=click.FloatRange(0.01, 10_000),
    default=0.5,
    show_default=True,
    help="What befalls locks, a second, on the mean over the scenario's period.",
)
@click.option(
    "--term",
    type=click.FloatRange(1),
    default=TERM_SECONDS,
    show_default=True,
    help="Seconds of a term in the library: they borrow at its start, search in its middle, return at its end.",
)
@click.option("--verify", is_flag=True, help="Fail unless the service counted exactly what was done.")
@click.option("--alone", is_flag=True, help="Nobody else uses the service: nor may it have logged more than was sent.")
@click.option("--url", "target", help="The service; TARGET_URL, or http://127.0.0.1:5000, when not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON; progress goes to stderr.")
def main(
    scenario: str,
    target: str | None,
    *,
    verify: bool,
    alone: bool,
    as_json: bool,
    locks: int,
    deeds: float,
    **options: Any,
) -> None:
    """Simulated people who use Watchhouse over HTTP, and their locks, which speak MQTT.

    They register, sign in, share, read, change and delete, and use the library, at a fixed rate that never waits for
    answers. At the end the run's own ledgers are held against the service's counters, against people's loans, against
    its analytics of each route, and against the logs of the locks.
    """
    settings = _read_settings(target)
    plan = Plan(scenario=SCENARIOS[scenario], **options)
    fleet_plan = FleetPlan(locks, deeds, plan.scenario, plan.seed)
    display = _display(plan, settings.target_url, as_json=as_json)
    try:
        summary = asyncio.run(_run(plan, fleet_plan, settings, display, is_alone=alone))
    except ServiceAwayError:
        raise click.ClickException(f"{settings.target_url} does not get ready") from None
    except MemoryTakenError as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(summary, indent=2) if as_json else "\n".join(lines_of(summary)))
    sys.exit(1 if verify and not _agrees(summary, settings) else 0)


def _agrees(summary: dict[str, Any], settings: Settings) -> bool:
    """Whether everything does; without somebody who may read the analytics, requests are left out."""
    compared = ("ledger", "library", "loans", "locks", *(["requests"] if settings.staff_email else []))
    return all(summary[name]["agrees"] for name in compared)


def _read_settings(target: str | None) -> Settings:
    try:
        return read(Settings, dict(os.environ) | ({"TARGET_URL": target} if target else {}))
    except SettingsError as error:
        raise click.UsageError(str(error)) from None


def _display(plan: Plan, target: str, *, as_json: bool) -> Display:
    console = Console()
    if console.is_terminal and not as_json:
        return Screen(plan, target, console)
    return Lines(plan, target, to_stderr=as_json)


async def _run(
    plan: Plan, fleet_plan: FleetPlan, settings: Settings, display: Display, *, is_alone: bool
) -> dict[str, Any]:
    stop = _stop_on_signals()
    people = make_people(plan.people, plan.seed)
    async with Client(settings.target_url, settings.metrics_token) as client:
        click.echo(f"waiting for {settings.target_url} to be ready", err=True)
        run = Run(plan, people, client)
        staff = Staff(client, settings.staff_email, settings.staff_password, run.logged)
        desk = Desk(staff, people)
        books = books_of(run, client, staff, is_alone=is_alone)
        before = {name: await unless(stop.arrivals, counts_at_start(client, book)) for name, book in books.items()}
        play = partial(_play_shown, run, desk, stop, display)
        fleet_end = await _play_with_locks(run, fleet_plan, settings, stop, play, is_alone=is_alone)
        limit = _limit(stop)
        compared = {
            name: await unless(stop.waiting, comparison_at_end(client, book, before[name], limit))
            for name, book in books.items()
        }
    return summarise(run, settings.target_url, compared, verified=desk.verified, fleet=fleet_end)


async def _play_with_locks(
    run: Run, plan: FleetPlan, settings: Settings, stop: Stop, play: Callable[[], Awaitable[None]], *, is_alone: bool
) -> FleetEnd | None:
    """The run; and the end of its fleet, when it has one and nobody is in a hurry."""
    if not plan.locks:
        await play()
        return None
    async with Fleet(plan, settings, run.people, run.client, run.logged) as fleet:
        run.tally.fleet = fleet.standing
        living = asyncio.create_task(fleet.live())
        try:
            await play()
        finally:
            living.cancel()
        return await unless(stop.waiting, fleet.end(_limit(stop), is_alone=is_alone))


def _limit(stop: Stop) -> float:
    return HURRIED_SECONDS if stop.arrivals.is_set() else SETTLE_SECONDS


def _stop_on_signals() -> Stop:
    stop = Stop()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.ask)
    return stop


async def _play_shown(run: Run, desk: Desk, stop: Stop, display: Display) -> None:
    display.open()
    shower = asyncio.create_task(keep_showing(display, run.tally, run.elapsed))
    closing = asyncio.Event()
    serving = asyncio.create_task(desk.serve(closing))
    try:
        await run.play(stop)
    finally:
        closing.set()
        shower.cancel()
        display.close()
        await unless(stop.waiting, serving, DRAIN_SECONDS)


if __name__ == "__main__":
    main()
