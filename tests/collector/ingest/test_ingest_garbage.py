"""Garbage in a segment: it is kept aside, and everything around it arrives."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from collector.ingest.batch import WINDOW
from collector.job import Context
from collector.jobs import ingest_requests
from common.clock import utc_now
from common.journal import LARGEST_AMOUNT, LONGEST_LINE
from tests.collector.ingest.journal import NULL, Line, Writer, assert_stored, stored_ids, text_of

Start = Callable[..., Context[Any]]

NOW = utc_now()
DAY = timedelta(days=1)
GOOD = [Line(NOW, number) for number in range(4)]
LINE = Line(NOW, 9)
FIELDS = LINE.text()[:-1].split(b"\t")

BAD = {
    "the end of a COPY": b"\\.\n",
    "nothing": b"\n",
    "zeros": b"\0" * 300 + b"\n",
    "half a line": LINE.text()[:40] + b"\n",
    "a field too many": LINE.text()[:-1] + b"\tmore\n",
    "a field too few": b"\t".join(FIELDS[:-1]) + b"\n",
    "no UTF-8": replace(LINE, endpoint="/ü").text().replace(b"\xc3", b""),
    "a zero in a text": replace(LINE, rest=("a\0b", *LINE.rest[1:])).text(),
    "no number": b"\t".join([*FIELDS[:3], b"2xx", *FIELDS[4:]]) + b"\n",
    "a status that none is": replace(LINE, status=600).text(),
    "less than nothing": replace(LINE, response_bytes=-1).text(),
    "more than can be": replace(LINE, request_bytes=LARGEST_AMOUNT + 1).text(),
    "a time that is not its id's": b"\t".join([f"{NOW - DAY:%Y-%m-%d %H:%M:%S.%f}+00".encode(), *FIELDS[1:]]) + b"\n",
    "a time that is none": b"\t".join([b"yesterday", *FIELDS[1:]]) + b"\n",
    "another zone": LINE.text().replace(b"+00\t", b"+01\t"),
    "too old": Line(NOW - timedelta(days=31)).text(),
    "too far ahead": Line(NOW + timedelta(days=7)).text(),
    "no boolean": b"\t".join([*FIELDS[:7], b"yes", *FIELDS[8:]]) + b"\n",
    "nobody's id": replace(LINE, user_id="anna").text(),
    "no endpoint": replace(LINE, endpoint="").text(),
    "an endless endpoint": replace(LINE, endpoint="/" * 3000).text(),
    "a null for an endpoint": replace(LINE, endpoint=NULL).text(),
    "a letter in disguise": replace(LINE, endpoint=r"\101").text(),
    "a line of no end": replace(LINE, rest=(NULL, NULL, NULL, NULL, "x" * LONGEST_LINE)).text(),
    "a field that does not end": replace(LINE, rest=("\\", *LINE.rest[1:])).text(),
    "a letter that PostgreSQL refuses": replace(LINE, rest=(r"\xff", *LINE.rest[1:])).text(),
    "the end of a COPY within a line": replace(LINE, rest=(r"a\.", *LINE.rest[1:])).text(),
}
KEPT = "SELECT segment, position, size, content, host FROM quarantined_lines ORDER BY segment, position"


def kept(database: Any) -> list[tuple[Any, ...]]:
    """What stands in quarantine."""
    return [
        (segment, position, size, bytes(content), host)
        for segment, position, size, content, host in database.rows(KEPT)
    ]


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_garbage_in_the_middle_is_kept_aside_and_all_around_it_arrives(
    collector: Start, writer: Writer, database: Any, bad: bytes
) -> None:
    begin = text_of(GOOD[:2])
    path = writer.open(begin + bad + text_of(GOOD[2:3]))
    writer.closed(GOOD[3].text())
    ingest_requests.run(collector())
    assert_stored(database, GOOD)
    assert kept(database) == [(path.name, len(begin), len(bad), bad[:4096], "anna")]
    assert database.one("SELECT reason FROM quarantined_lines") != ""


def test_the_cut_end_of_a_closed_segment_is_kept_aside_and_that_of_an_open_one_waits(
    collector: Start, writer: Writer, database: Any
) -> None:
    closed, opened = writer.closed(GOOD[0].text() + b"2026-"), writer.open(GOOD[1].text() + b"2027-")
    ingest_requests.run(collector())
    assert_stored(database, GOOD[:2])
    assert kept(database) == [(closed.name, len(GOOD[0].text()), 5, b"2026-", "anna")]
    assert not closed.exists()
    assert opened.exists()


def test_lines_that_only_postgresql_refuses_are_found_among_many(
    collector: Start, writer: Writer, database: Any
) -> None:
    lines = [Line(NOW, number) for number in range(100)]
    refused = [BAD["a field that does not end"], BAD["a letter that PostgreSQL refuses"]]
    parts = [text_of(lines[:3]), refused[0], text_of(lines[3:70]), refused[1], refused[0], text_of(lines[70:])]
    path = writer.closed(b"".join(parts))
    ingest_requests.run(collector())
    assert_stored(database, lines)
    starts = [sum(map(len, parts[:index])) for index in (1, 3, 4)]
    assert [row[:2] for row in kept(database)] == [(path.name, start) for start in starts]


@pytest.mark.parametrize("end", ["ends with\\", r"ends with\."], ids=["its own end", "the end of all"])
def test_a_line_whose_last_letters_mean_an_end_takes_no_other_with_it(
    collector: Start, writer: Writer, database: Any, end: str
) -> None:
    odd = replace(LINE, rest=(*LINE.rest[:4], end))  # versions of PostgreSQL differ in what such a line is
    writer.open(text_of([*GOOD[:2], odd, *GOOD[2:]]))
    ingest_requests.run(collector())
    assert {line.id for line in GOOD} <= set(stored_ids(database)) <= {line.id for line in (*GOOD, LINE)}
    assert len(stored_ids(database)) + len(kept(database)) == 5


def test_megabytes_without_an_end_are_kept_aside_by_windows(collector: Start, writer: Writer, database: Any) -> None:
    garbage = b"x" * (4 * WINDOW + 1000)
    path = writer.open(GOOD[0].text() + garbage)
    context = collector()
    ingest_requests.run(context)
    assert stored_ids(database) == [GOOD[0].id]
    assert sum(row[2] for row in kept(database)) == 4 * WINDOW
    writer.append(path, b"\n" + text_of(GOOD[1:]))
    ingest_requests.run(context)
    assert_stored(database, GOOD)
    assert sum(row[2] for row in kept(database)) == len(garbage) + 1
    assert all(len(row[3]) <= 4096 for row in kept(database))


def test_bad_lines_in_a_row_are_kept_as_one(collector: Start, writer: Writer, database: Any) -> None:
    path = writer.closed(GOOD[0].text() + b"no line\n" * 1000 + GOOD[1].text())
    ingest_requests.run(collector())
    assert_stored(database, GOOD[:2])
    assert [row[:3] for row in kept(database)] == [(path.name, len(GOOD[0].text()), 8000)]
