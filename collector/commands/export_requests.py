"""`export-requests`: all that the request log knows of a person, to be handed to that person."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TextIO

import click
from sqlalchemy import Engine

from collector.commands.person import find_first_request, find_person, shown_progress
from collector.commands.starting import open_database, settings_or_exit
from common.clock import utc_now
from sql import statements
from sql.engine import run_once

PAGE = 5_000
BEFORE_ALL_IDS = -1
ONLY_OURS = 0o600

privacy = statements.load("privacy")


@click.command("export-requests")
@click.argument("person")
@click.option("--output", metavar="FILE", help="Write to this file, readable for its owner only; else to stdout.")
@click.option("--json", "as_json", is_flag=True, help="Tell what was written as one JSON object.")
def export_requests(person: str, output: str | None, as_json: bool) -> None:
    """Write every request of PERSON (an e-mail or an id) that is kept, oldest first, one JSON object a line.

    What was written is told on stderr. The exit status is 1 when there is no such person.
    """
    settings = settings_or_exit()
    with open_database(settings) as engine:
        found = find_person(engine, person)
        with opened(output) as file:
            rows = write_requests(engine, found, file)
        [(quarantined,)] = run_once(engine, privacy.count_quarantined_of_person, person=found)
    told = {"user_id": found, "rows": rows, "quarantined_lines": quarantined}
    click.echo(json.dumps(told) if as_json else sentence_of(told), err=True)


@contextmanager
def opened(output: str | None) -> Iterator[TextIO]:
    """The file, made anew and nobody else's to read, also where there was one; without one, stdout."""
    if output is None:
        yield sys.stdout
        return
    try:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, ONLY_OURS)
        os.fchmod(handle, ONLY_OURS)
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from None
    with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123  # a handle has no path
        yield file


def write_requests(engine: Engine, person: str, file: TextIO) -> int:
    """Write the person's requests up to now, page by page; how many there were."""
    until, written = utc_now(), 0
    first = find_first_request(engine, person)
    with shown_progress("Exporting", first, until) as reach:
        place = (first or until, BEFORE_ALL_IDS)
        while page := next_page(engine, person, place, until):
            file.writelines(f"{line}\n" for _, _, line in page)
            written, place = written + len(page), page[-1][:2]
            reach(place[0])
    return written


def next_page(
    engine: Engine, person: str, place: tuple[datetime, int], until: datetime
) -> list[tuple[datetime, int, str]]:
    """What follows a place in the person's requests: each as its own place and a line of JSON."""
    since, after_id = place
    values = {"person": person, "since": since, "after_id": after_id, "until": until, "most": PAGE}
    return [(row[0], row[1], row[2]) for row in run_once(engine, privacy.list_requests_of_person, **values)]


def sentence_of(told: dict[str, object]) -> str:
    """What was written, and what could not be."""
    sentence = f"{told['rows']} requests of {told['user_id']}"
    if told["quarantined_lines"]:
        sentence += f"; {told['quarantined_lines']} lines that could not be read also hold this id, and were left out"
    return sentence
