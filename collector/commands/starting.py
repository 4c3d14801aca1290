"""What every command begins with: settings or an exit that names all faults, and a database that may be away."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Engine

from collector.settings import Settings, read_settings
from common import logging
from common.settings import SettingsError
from sql.engine import make_engine
from sql.errors import describe

WRONG_SETTINGS = 2


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


@contextmanager
def open_database(settings: Settings) -> Iterator[Engine]:
    """The database for one command, which fails and says so where the database does."""
    engine = make_engine(settings.database_url, process="collector", pool_size=1)
    try:
        yield engine
    except Exception as error:
        told = describe(error)
        if told is None:
            raise
        raise click.ClickException(told) from None
    finally:
        engine.dispose()
