"""The command line of auth."""

import os
import sys
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from auth import people
from auth.allocator import ALLOCATOR
from auth.app import create_app
from auth.settings import OwnerSettings, Settings, read_settings
from common import logging
from common.settings import SettingsError, read
from sql.errors import DatabaseAway, translate
from sql.migrate import migrate as migrate_database


@click.group()
def main() -> None:
    """Watchhouse's HTTP service."""


@main.command()
def run() -> None:
    """Serve the API and the pages until a signal comes."""
    _settings_or_exit(read_settings)
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:auth.gunicorn", "auth.wsgi:app"]
    os.execve(sys.executable, gunicorn, {**ALLOCATOR, **os.environ})  # noqa: S606  # the allocator reads them at start


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema, as its owner; safe to run at any time, also twice at once."""
    owner = _settings_or_exit(lambda environment: read(OwnerSettings, environment))
    migrate_database(
        owner.owner_url,
        {
            "watchhouse_auth": owner.auth_password,
            "watchhouse_collector": owner.collector_password,
            "watchhouse_reader": owner.reader_password,
            "watchhouse_monitor": owner.monitor_password,
        },
    )
    click.echo("The database is at the newest schema.")


@main.command("create-admin")
@click.argument("email")
@click.password_option(envvar="ADMIN_PASSWORD", help="Asked for when left out; also from ADMIN_PASSWORD.")
def create_admin(email: str, password: str) -> None:
    """Make the administrator EMAIL, or make EMAIL one when the account is there already."""
    _with_app(lambda: people.create_admin(email, password))


@main.command("demo-data")
def demo_data() -> None:
    """Make the demo's people; those who are there already stay as they are."""
    _with_app(people.make_demo_people)


def _with_app(act: Callable[[], str]) -> None:
    """Do something beneath the app, and tell what came of it."""
    settings: Settings = _settings_or_exit(read_settings)
    logging.configure("auth", level=settings.log_level, form=settings.log_form)
    with create_app(settings).app_context():
        try:
            click.echo(act())
        except people.Refused as refusal:
            raise click.ClickException(str(refusal)) from None
        except SQLAlchemyError as error:
            if not isinstance(translate(error), DatabaseAway):
                raise
            raise click.ClickException("The database cannot be reached; is DATABASE_URL right?") from None


def _settings_or_exit(read_them: Callable[[Any], Any]) -> Any:
    try:
        return read_them(os.environ)
    except SettingsError as faults:
        for fault in faults.faults:
            click.echo(f"Setting {fault}", err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main(prog_name="python -m auth")
