"""For commands that do something beneath the application, without serving it."""

from collections.abc import Callable

import click
from sqlalchemy.exc import SQLAlchemyError

from auth import people
from auth.app import create_app
from auth.commands.starting import settings_or_exit
from auth.settings import read_settings
from common import logging
from sql.errors import NOT_REACHED, DatabaseAway, translate


def do_within_app(act: Callable[[], str]) -> None:
    """Do something, and tell what came of it."""
    settings = settings_or_exit(read_settings)
    logging.configure("auth", level=settings.log_level, form=settings.log_form)
    with create_app(settings).app_context():
        try:
            click.echo(act())
        except people.Refused as refusal:
            raise click.ClickException(str(refusal)) from None
        except SQLAlchemyError as error:
            if not isinstance(translate(error), DatabaseAway):
                raise
            raise click.ClickException(NOT_REACHED) from None
