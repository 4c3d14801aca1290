"""A journal in a folder, collectors that read it, and one database for a file of tests, emptied before each."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.ingest import segments
from collector.job import Context
from collector.jobs import ingest_requests
from common.clock import utc_now
from standalone.postgres import Server
from tests.collector.ingest.journal import TABLES, Writer
from tests.support.databases import Database, throw_away


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """A database of its own for all tests of a file."""
    with throw_away(server) as found:
        yield found


@pytest.fixture(autouse=True)
def _emptied(database: Database) -> None:
    database.rows("; ".join(f"DELETE FROM {table}" for table in TABLES))


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """Writes the journal in the test's own folder."""
    made = Writer(tmp_path)
    yield made
    made.close_all()


@pytest.fixture
def small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some lines fill a window, so that little journals take many."""
    monkeypatch.setattr(segments, "WINDOW", 1000)


@pytest.fixture
def collector(context_for: Callable[..., Context[Any]], tmp_path: Path) -> Iterator[Callable[..., Context[Any]]]:
    """Starts a collector on that folder; it has stopped before the next one starts, unless both are to run."""
    made: list[Context[Any]] = []

    def start(name: str = "anna", *, is_alone: bool = True) -> Context[Any]:
        if is_alone and made:
            made[-1].journal.release()
        made.append(context_for(ingest_requests.JOB, utc_now, WATCHHOUSE_DATA=str(tmp_path), COLLECTOR_NAME=name))
        return made[-1]

    yield start
    for context in made:
        context.journal.release()
