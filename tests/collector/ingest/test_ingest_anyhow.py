"""However lines are spread over segments and windows, and wherever a collector is killed: each is stored once."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.job import Context
from collector.jobs import ingest_requests
from common.clock import utc_now
from tests.collector.ingest.journal import TABLES, Line, Writer, assert_stored

Start = Callable[..., Context[Any]]

NOW = utc_now()
EMPTY = "; ".join(f"DELETE FROM {table}" for table in TABLES)
KEEP = "SELECT name, host, position FROM journal_segments"
PUT_BACK = "INSERT INTO journal_segments (name, host, position) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"

lines = st.builds(
    Line,
    at=st.integers(0, 7_000_000_000).map(lambda back: NOW - timedelta(microseconds=back)),
    number=st.integers(0, 1023),
    endpoint=st.sampled_from(["/", "/verify", "/api/v1/books/{id}/"]),
    method=st.sampled_from(["GET", "POST"]),
    status=st.sampled_from([101, 200, 201, 302, 404, 500, 503]),
    duration_us=st.integers(0, 10**8),
    request_bytes=st.integers(0, 10**6),
    response_bytes=st.integers(0, 10**6),
    is_probe=st.booleans(),
)
steps = st.tuples(
    st.lists(lines, max_size=8),  # what is written, to which of three writers,
    st.integers(0, 2),
    st.sampled_from(["whole", "half", "closed"]),  # whole, with the last line cut for now, or closed after it
    st.sampled_from(["runs on", "is killed", "is killed before it takes away", "is killed before it forgets"]),
)


@pytest.mark.usefixtures("small_window")
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(course=st.lists(steps, max_size=6))
def test_each_line_is_stored_once_and_counted_so(
    collector: Start, writer: Writer, database: Any, course: list[Any]
) -> None:
    database.rows(EMPTY)
    context, written, paths, waiting = collector(), [], {}, {}
    for added, number, end, fate in course:
        path = paths.get(number) or paths.setdefault(number, writer.open())
        content = waiting.pop(number, b"") + b"".join(line.text() for line in added)
        cut = len(content) - 20 if end == "half" and content else len(content)
        writer.append(path, content[:cut])
        waiting[number] = content[cut:]
        written += added
        if end == "closed":
            writer.close(paths.pop(number))
        context = meet(fate, context, collector, writer, database)
    for number, path in paths.items():
        writer.append(path, waiting.get(number, b""))
        writer.close(path)
    ingest_requests.run(collector())
    assert_stored(database, written)
    assert database.rows("SELECT * FROM quarantined_lines") == []
    assert list(writer.folder.glob("*.log") if written else []) == []


def meet(fate: str, context: Context[Any], collector: Start, writer: Writer, database: Any) -> Context[Any]:
    """Run, and leave files and positions as a kill at that point would."""
    if fate == "is killed":
        return collector()
    files = {path: path.read_bytes() for path in segments(writer)}
    held = set(writer.held())
    ingest_requests.run(context)
    if fate == "runs on":
        return context
    gone = [path for path in files if not path.exists()]
    for path in gone:
        database.rows(PUT_BACK, path.name, "anna", len(files[path]))
        if fate == "is killed before it takes away":
            path.write_bytes(files[path])
    assert not held & set(gone)
    return collector()


def segments(writer: Writer) -> list[Path]:
    """The segments in the folder."""
    return sorted(writer.folder.glob("v1-*.log"))
