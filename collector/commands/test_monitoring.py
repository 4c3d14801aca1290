"""`test-monitoring`: does the watching itself work? One line a check, with its seconds."""

import json
from dataclasses import asdict

import click

from collector.commands.staff import Staff
from collector.commands.starting import open_database, settings_or_exit
from collector.commands.trial import Bench, Result, run
from collector.commands.trials import chosen

FAILED = 1


@click.command("test-monitoring")
@click.option("--all", "is_all", is_flag=True, help="Everything, as without a flag.")
@click.option("--endpoints", is_flag=True, help="The paths of health.")
@click.option("--metrics", is_flag=True, help="What is measured.")
@click.option("--alerts", is_flag=True, help="The alerts' rules; nothing is written, nobody told.")
@click.option("--performance", is_flag=True, help="How fast this house answers.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def test_monitoring(context: click.Context, /, *, is_all: bool, as_json: bool, **flags: bool) -> None:
    """Look at every piece of the monitoring from outside. The exit status is 1 when any check fails."""
    groups = set() if is_all else {group for group, is_chosen in flags.items() if is_chosen}
    settings, results = settings_or_exit(), []
    with open_database(settings) as engine, Staff(settings) as staff:
        for trial in chosen(groups):
            results.append(run(trial, Bench(settings, engine, staff)))
            if not as_json:
                click.echo(line_of(results[-1]))
    failed = sum(not result.is_passed for result in results)
    if as_json:
        click.echo(json.dumps({"checks": [asdict(result) for result in results], "failed": failed}))
    else:
        click.echo(f"{len(results) - failed} passed, {failed} failed")
    if failed:
        context.exit(FAILED)


def line_of(result: Result) -> str:
    """One result."""
    return f"{'ok  ' if result.is_passed else 'FAIL'}  {result.name:40} {result.seconds:7.3f} s  {result.told}"
