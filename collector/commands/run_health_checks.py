"""`run-health-checks`: a round of checks now, by this process itself."""

import json

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from collector.commands.collecting import collect_now, lines_of
from collector.commands.starting import open_database, settings_or_exit
from collector.probing.asked import answer_of
from collector.probing.checks import Finished
from collector.probing.round import Round
from collector.settings import Settings
from common.states import MAJOR_OUTAGE

FAILED = 1


@click.command("run-health-checks")
@click.option("--endpoint", "names", multiple=True, metavar="NAME", help="Only this one; may be given again.")
@click.option("--collect-metrics", "is_collecting", is_flag=True, help="Also measure this host and all it leans on.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def run_health_checks(context: click.Context, names: tuple[str, ...], is_collecting: bool, as_json: bool) -> None:
    """Check endpoints now, and store what is found. The exit status is 1 when any fails."""
    settings = settings_or_exit()
    finished = check_now(settings, names)
    collected = collect_now(settings) if is_collecting else {"failed": {}}
    if as_json:
        told = {"results": [answer_of(one) for one in finished]}
        click.echo(json.dumps(told | ({"metrics": collected} if is_collecting else {}), default=str))
    else:
        Console().print(table_of(finished))
        if is_collecting:
            click.echo("\n" + "\n".join(lines_of(collected)))
    if has_failed(finished) or collected["failed"]:
        context.exit(FAILED)


def check_now(settings: Settings, names: tuple[str, ...] = ()) -> list[Finished]:
    """One round, with a bar on a terminal. Fails for a name that nothing has."""
    with open_database(settings) as database:
        chosen = Round(settings, database, list(names))
        known = {definition.name for definition, _ in chosen.endpoints}
        if unknown := [name for name in names if name not in known]:
            raise click.ClickException(f"no endpoint is called {', '.join(unknown)}")
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("Checking", total=len(chosen.endpoints))
            return chosen.run(lambda: progress.advance(task))


def has_failed(finished: list[Finished]) -> bool:
    """Whether any endpoint is out."""
    return any(one.attempt is None or one.attempt.outcome == MAJOR_OUTAGE for one in finished)


def table_of(finished: list[Finished]) -> Table:
    """One line an endpoint."""
    table = Table("Endpoint", "Outcome", "Status", "ms", "Why", box=None)
    for one in finished:
        told = answer_of(one)
        status, took = told["status_code"], told["duration_ms"]
        why = " ".join(str(part) for part in (told["reason"], told["detail"]) if part)
        table.add_row(told["name"], told["outcome"], str(status or ""), "" if took is None else f"{took:.1f}", why)
    return table
