"""The person that a privacy command is about, and how far it has come. Knows neither command."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Engine

from sql import statements
from sql.engine import run_once

SECOND = timedelta(seconds=1)

privacy = statements.load("privacy")


def find_person(engine: Engine, person: str) -> str:
    """The id of who is named by e-mail or id; an exit where there is nobody."""
    rows = run_once(engine, privacy.find_person, id=id_or_none(person), email=person)
    if not rows:
        raise click.ClickException(f"nobody has the e-mail or id {person}")
    return str(rows[0][0])


def id_or_none(person: str) -> str | None:
    """An id as PostgreSQL writes it; None for what is no id."""
    try:
        return str(UUID(person))
    except ValueError:
        return None


def find_first_request(engine: Engine, person: str) -> datetime | None:
    """When the person's oldest request was."""
    rows = run_once(engine, privacy.find_first_request, person=person)
    return rows[0][0] if rows else None


@contextmanager
def shown_progress(what: str, first: datetime | None, until: datetime) -> Iterator[Callable[[datetime], None]]:
    """A bar on a terminal over the time between two moments; to be told the moment that has been reached."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=(until - (first or until)) / SECOND)
        yield lambda at: progress.update(task, completed=(at - (first or at)) / SECOND)
