"""`python -m auth run`: checks the settings and turns into gunicorn, which loads the application."""

import os
import sys

import click

from auth.allocator import ALLOCATOR
from auth.commands.starting import settings_or_exit
from auth.settings import read_settings

GUNICORN = ("-m", "gunicorn", "--config", "python:auth.gunicorn", "auth.wsgi:app")


@click.command()
def run() -> None:
    """Serve the API and the pages until a signal comes."""
    settings_or_exit(read_settings)
    gunicorn = [sys.executable, *GUNICORN]
    os.execve(sys.executable, gunicorn, {**ALLOCATOR, **os.environ})  # noqa: S606  # the allocator reads them at start
