"""A real collector is killed where files and positions say different things; the next one makes them one again."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2

from collector.job import Context
from collector.jobs import ingest_requests
from common.clock import utc_now
from tests.collector.daemons import Daemon
from tests.collector.ingest.journal import Line, Writer, assert_stored, stored_ids, text_of

NOW = utc_now()
LINES = [Line(NOW, number) for number in range(40)]
SEGMENTS = "SELECT name, position FROM journal_segments"


def test_kills_between_storing_taking_away_and_forgetting_double_nothing(
    start: Callable[..., Daemon],
    collector: Callable[..., Context[Any]],
    cut_sessions: Callable[[], int],
    writer: Writer,
    database: Any,
) -> None:
    first = writer.open(text_of(LINES[:10]))
    daemon = start("anna", is_awaited=False)
    daemon.wait(lambda: len(stored_ids(database)) == 10, "the open segment is stored")
    daemon.kill()  # it is stored, and could not be taken away
    writer.append(first, text_of(LINES[10:20]))
    writer.close(first)
    second = writer.open(text_of(LINES[20:30]))
    daemon.restart()
    daemon.wait(lambda: not first.exists() and len(stored_ids(database)) == 30, "all is stored")
    daemon.wait(lambda: database.rows(SEGMENTS) == [(second.name, len(text_of(LINES[20:30])))], "one is forgotten")
    with closing(psycopg2.connect(database.owner_url)) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT FROM journal_segments FOR UPDATE")
        writer.close(second)
        daemon.wait(lambda: not second.exists(), "it is taken away")
        daemon.kill()
        cut_sessions()  # it is taken away, and could not be forgotten: not by what it had asked for, either
    writer.closed(text_of(LINES[30:]))
    ingest_requests.run(collector())
    assert_stored(database, LINES)
    assert [name for name, _ in database.rows(SEGMENTS)] == [second.name]  # cleaning up forgets it, when it is old
