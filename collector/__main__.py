"""The collector's command line: `python -m collector`."""

import click

from collector.commands import COMMANDS
from collector.commands.starting import settings_or_exit
from collector.daemon import run_daemon
from collector.errors import CollectorError


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


for command in COMMANDS:
    main.add_command(command)


if __name__ == "__main__":
    main(prog_name="python -m collector")
