"""`setup-health-monitoring`: this house's own endpoints, those that are missing by their names."""

import json

import click

from collector.commands.starting import open_database, settings_or_exit
from sql import statements
from sql.engine import run_once

sql = statements.load("schedule")


@click.command("setup-health-monitoring")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def setup_health_monitoring(as_json: bool) -> None:
    """Watch this house's own paths: make those endpoints that are missing. What is there stays as it is."""
    with open_database(settings_or_exit()) as engine:
        made = [name for _, name, _ in run_once(engine, sql.make_own_endpoints, only_first=False)]
    if as_json:
        click.echo(json.dumps({"made": made}))
    else:
        click.echo("\n".join(f"made {name}" for name in made) or "nothing to make: all are there")
