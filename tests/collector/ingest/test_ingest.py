"""The journal's lines come into the database, each once, and nothing else; what is read goes from the disk."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from collector.job import Context
from collector.jobs import ingest_requests
from common.clock import utc_now
from common.journal import LossCount
from tests.collector.ingest.journal import NULL, Line, Writer, assert_stored, hour_of, stored_ids, text_of

Start = Callable[..., Context[Any]]

NOW = utc_now()
DAY = timedelta(days=1)
LINES = [
    Line(NOW, 1, "/api/v1/books/", "POST", 201, 12_345, 77, 480),
    Line(NOW, 2, is_probe=True),
    Line(NOW - timedelta(minutes=1), 1, status=503, duration_us=1, rest=(NULL, NULL, NULL, "Away", "Try later")),
    Line(NOW - timedelta(hours=1), 4, "unmatched", "OTHER", 404, 0),
]
SEGMENTS = "SELECT name, position FROM journal_segments"


def test_an_open_segment_is_followed_to_its_last_whole_line(collector: Start, writer: Writer, database: Any) -> None:
    context, whole, half = collector(), LINES[0].text(), LINES[1].text()
    path = writer.open(whole + half[:50])
    ingest_requests.run(context)
    assert_stored(database, LINES[:1])
    assert database.rows(SEGMENTS) == [(path.name, len(whole))]
    writer.append(path, half[50:])
    ingest_requests.run(context)
    assert_stored(database, LINES[:2])
    assert path.exists()


def test_a_closed_segment_goes_with_its_position_when_it_is_stored(
    collector: Start, writer: Writer, database: Any
) -> None:
    context, path = collector(), writer.open(LINES[0].text())
    ingest_requests.run(context)
    writer.append(path, text_of(LINES[1:]))
    writer.close(path)
    ingest_requests.run(context)
    assert_stored(database, LINES)
    assert not path.exists()
    assert database.rows(SEGMENTS) == []


def test_every_column_comes_as_it_was_written(collector: Start, writer: Writer, database: Any) -> None:
    user = "0d9488a4-7c3b-4b1e-8f52-6a3cf4b1a001"
    line = Line(NOW, 7, "/a", "PUT", 418, 9, 8, 7, user_id=user, rest=("::1", "a\\tb\\\\c ü", "r", "T", "line\\nend"))
    writer.closed(line.text())
    ingest_requests.run(collector())
    assert database.rows(
        """SELECT at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe, user_id::text, id,
            ip_address, user_agent, request_id, problem_title, problem_detail FROM request_log"""
    ) == [(NOW, "/a", "PUT", 418, 9, 8, 7, False, user, line.id, "::1", "a\tb\\c ü", "r", "T", "line\nend")]


def test_segments_of_nothing_go_when_closed_and_what_is_not_ours_stays(collector: Start, writer: Writer) -> None:
    empty, begun = writer.closed(b""), writer.open()
    others = [begun, writer.folder / "v2-0000000000000001-7-abc.log", writer.folder / "draft-7-abc"]
    for path in others[1:]:
        path.write_bytes(b"another form\n")
    ingest_requests.run(collector())
    assert not empty.exists()
    assert all(path.exists() for path in others)


def test_without_a_journal_there_is_nothing_to_do_and_nothing_to_tell(collector: Start, database: Any) -> None:
    ingest_requests.run(collector())
    assert database.rows("SELECT * FROM journal_states") == []


def test_lines_that_come_late_find_a_place_and_make_their_hours_dirty(
    collector: Start, writer: Writer, database: Any
) -> None:
    lines = [Line(NOW - days * DAY, days) for days in (1, 5, 8, 20, 28)]
    for line in lines[1:]:
        database.rows(f"DROP TABLE IF EXISTS request_log_{line.at:%Y%m%d}, request_minutes_{line.at:%Y%m%d}")
    writer.closed(text_of([*lines, LINES[0]]))
    ingest_requests.run(collector())
    assert stored_ids(database) == sorted(line.id for line in [*lines, LINES[0]])
    minutes = database.rows("SELECT minute FROM request_minutes WHERE endpoint = '' ORDER BY 1")
    assert [minute for (minute,) in minutes] == [
        at.replace(second=0, microsecond=0) for at in (lines[1].at, lines[0].at, NOW)
    ]
    dirty = database.rows("SELECT hour, host FROM request_dirty_hours ORDER BY 1")
    assert dirty == [(hour_of(at), "anna") for at in (*(line.at for line in reversed(lines)), NOW)]


def test_a_line_finds_a_place_though_no_partitions_were_made_for_days(
    collector: Start, writer: Writer, database: Any
) -> None:
    ahead = Line(NOW + 5 * DAY, 1)
    database.rows(f"DROP TABLE request_log_{ahead.at:%Y%m%d}, request_minutes_{ahead.at:%Y%m%d}")
    writer.closed(text_of([LINES[0], ahead]))
    ingest_requests.run(collector())
    assert_stored(database, [LINES[0], ahead])


def test_a_folder_has_one_reader_and_the_next_when_that_ends(collector: Start, writer: Writer, database: Any) -> None:
    first, second = collector("anna"), collector("berta", is_alone=False)
    path = writer.open(LINES[0].text())
    ingest_requests.run(first)
    writer.append(path, LINES[1].text())
    with capture_logs() as logs:
        ingest_requests.run(second)
        ingest_requests.run(second)
    assert [entry["event"] for entry in logs] == ["journal_has_another_reader"]
    assert_stored(database, LINES[:1])
    ingest_requests.store_rest(first)
    assert_stored(database, LINES[:2])
    writer.append(path, LINES[2].text())
    ingest_requests.run(second)
    assert stored_ids(database) == sorted(line.id for line in LINES[:3])


@pytest.mark.usefixtures("small_window")
def test_a_run_stores_window_by_window_and_stops_between_two(collector: Start, writer: Writer, database: Any) -> None:
    context, lines = collector(), [Line(NOW, number) for number in range(30)]
    path = writer.closed(text_of(lines))
    context.stopping.set()
    ingest_requests.run(context)
    assert 0 < len(stored_ids(database)) < 10
    assert path.exists()
    context.stopping.clear()
    ingest_requests.run(context)
    assert_stored(database, lines)
    assert not path.exists()


def test_the_state_tells_what_waits_and_what_was_lost(collector: Start, writer: Writer, database: Any) -> None:
    context, state = collector(), "SELECT lag_seconds, backlog_bytes, lost_to_errors, lost_to_cap FROM journal_states"
    path = writer.open(text_of(LINES))
    ingest_requests.run(context)
    assert database.rows(state) == [(0, 0, 0, 0)]
    assert database.one("SELECT lost_at FROM journal_states") is None
    writer.append(path, b"half a line")
    LossCount(writer.folder).add(to_errors=2, to_cap=3)
    ingest_requests.run(context)
    [(lag, *rest)] = database.rows(state)
    assert 0 <= lag < 60
    assert rest == [11, 2, 3]
    assert database.one("SELECT lost_at = seen_at FROM journal_states")


def test_losses_that_do_not_grow_are_no_news(collector: Start, writer: Writer, database: Any) -> None:
    writer.closed(b"")
    LossCount(writer.folder).add(to_cap=1)
    ingest_requests.run(collector())
    before = database.rows("UPDATE journal_states SET lost_at = lost_at - interval '1 day' RETURNING lost_at")
    ingest_requests.run(collector())
    assert database.rows("SELECT lost_at FROM journal_states WHERE lost_at < seen_at - interval '1 hour'") == before


def test_figures_tell_of_lines_and_batches(collector: Start, writer: Writer) -> None:
    context = collector()
    writer.closed(text_of(LINES) + b"no line\nnor this\n")
    ingest_requests.run(context)
    ingest_requests.run(context)
    told = {
        sample.name: sample.value
        for metric in vars(context.metrics).values()
        for family in metric.collect()
        for sample in family.samples
        if not sample.labels
    }
    assert told["watchhouse_ingest_lines_total"] == len(LINES)
    assert told["watchhouse_quarantined_lines_total"] == 2
    assert told["watchhouse_ingest_batches_total"] == told["watchhouse_ingest_batch_duration_seconds_count"] == 1
    assert told["watchhouse_ingest_lag_seconds"] == told["watchhouse_ingest_backlog_bytes"] == 0
