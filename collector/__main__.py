"""The collector's command line: `python -m collector`."""

import dataclasses
import json
import os
import sys
import time

import click

from collector.daemon import run_daemon
from collector.errors import CollectorError
from collector.host import Minute, minutes_of, read_host, sample_between
from collector.settings import Settings, read_settings
from common import logging
from common.clock import utc_now
from common.settings import SettingsError
from sql import statements
from sql.engine import make_engine, run_once
from sql.errors import translate

WRONG_SETTINGS = 2
BETWEEN_READINGS = 1.0

collecting = statements.load("collecting")


@click.group()
def main() -> None:
    """Measures, sends and cleans up for Watchhouse. Settings come from the environment; see .env.example."""


@main.command()
def run() -> None:
    """Run the daemon until SIGTERM or Ctrl-C."""
    settings = settings_or_exit()
    try:
        run_daemon(settings)
    except CollectorError as error:
        raise click.ClickException(str(error)) from None


@main.command("collect-metrics")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def collect_metrics(as_json: bool) -> None:
    """Sample this host once and store the figures."""
    settings = settings_or_exit()
    try:
        minute = sample_once(settings)
    except CollectorError as error:
        raise click.ClickException(str(error)) from None
    store(settings, minute)
    figures = {"host": settings.name, **dataclasses.asdict(minute), "at": minute.at.isoformat()}
    click.echo(json.dumps(figures) if as_json else "\n".join(f"{name:24}{value}" for name, value in figures.items()))


def settings_or_exit() -> Settings:
    """The settings, with logging set up by them; all faults and an exit otherwise."""
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        for fault in error.faults:
            click.echo(f"Error: {fault}", err=True)
        sys.exit(WRONG_SETTINGS)
    logging.configure("collector", level=settings.log_level, form=settings.log_form)
    return settings


def sample_once(settings: Settings) -> Minute:
    """The host over one second."""
    before = read_host(settings.host_proc, settings.host_disk, utc_now())
    time.sleep(BETWEEN_READINGS)
    after = read_host(settings.host_proc, settings.host_disk, utc_now())
    return minutes_of([sample_between(before, after)])[0]


def store(settings: Settings, minute: Minute) -> None:
    """Store it; the command fails where the database does."""
    engine = make_engine(settings.database_url, process="collector", pool_size=1)
    try:
        run_once(engine, collecting.store_host_metric, host=settings.name, **dataclasses.asdict(minute))
    except Exception as error:
        known = translate(error)
        if known is None:
            raise
        raise click.ClickException(f"not stored: {type(known).__name__}: {known}") from None
    finally:
        engine.dispose()


if __name__ == "__main__":
    main(prog_name="python -m collector")
