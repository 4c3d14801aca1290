"""What every command begins with: settings, or an exit that names all that is wrong with them."""

import os
from collections.abc import Callable, Mapping
from typing import TypeVar

import click

from common.settings import SettingsError

WRONG_SETTINGS = 2

Read = TypeVar("Read")


def settings_or_exit(read_them: Callable[[Mapping[str, str]], Read]) -> Read:
    """What `read_them` makes of the environment."""
    try:
        return read_them(os.environ)
    except SettingsError as error:
        for fault in error.faults:
            click.echo(f"Setting {fault}", err=True)
        raise SystemExit(WRONG_SETTINGS) from None
