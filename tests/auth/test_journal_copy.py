"""Whatever a line holds, PostgreSQL's COPY reads it back as it was."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from auth.journal.line import make_line
from common.journal import COLUMNS, LONGEST_LINE
from tests.support.rollback import OuterTransaction

NAMES = ", ".join(COLUMNS)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBERS = st.integers(0, 2**63 - 1)
# PostgreSQL's texts hold no zero, and UTF-8 no half of a pair: both are replaced.
TEXTS = st.none() | st.text(max_size=200) | st.text("\\\t\n\r\0.Nn\ud800", max_size=20)
COLUMNS_GIVEN = st.fixed_dictionaries(
    {
        "endpoint": st.sampled_from(["/login", "unmatched", "/health/badge/<key:endpoint_id>.svg"]),
        "method": st.sampled_from(["GET", "OTHER"]),
        "status": st.integers(100, 599),
        "duration_us": NUMBERS,
        "request_bytes": NUMBERS,
        "response_bytes": NUMBERS,
        "is_probe": st.booleans(),
        "user_id": st.none() | st.uuids().map(str),
        "ip_address": st.none() | st.just("2001:db8:1::/48"),
        "user_agent": TEXTS,
        "request_id": TEXTS,
        "problem_title": TEXTS,
        "problem_detail": TEXTS,
    }
)


def as_stored(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


@settings(max_examples=40)
@given(
    rows=st.lists(COLUMNS_GIVEN, min_size=1, max_size=10),
    late=st.timedeltas(timedelta(0), timedelta(hours=1)),
    writer=st.integers(0, 1023),
)
def test_it_comes_back_equal(outer: OuterTransaction, rows: list[dict[str, Any]], late: timedelta, writer: int) -> None:
    first = (datetime.now(UTC) + late - EPOCH) // timedelta(microseconds=1)
    lines = [make_line(first + number, writer, **row) for number, row in enumerate(rows)]
    assert all(len(line) < LONGEST_LINE and line.count(b"\n") == 1 for line in lines)
    outer.begin()
    try:
        with outer.as_collector(), outer.cursor() as cursor:
            cursor.copy_expert(f"COPY request_log ({NAMES}) FROM STDIN", io.BytesIO(b"".join(lines)))
            cursor.execute(f"SELECT {NAMES} FROM request_log ORDER BY at, id")
            found = [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]
    finally:
        outer.end()
    for number, (row, sent) in enumerate(zip(found, rows, strict=True)):
        moment = first + number
        assert (row.pop("at"), row.pop("id")) == (EPOCH + timedelta(microseconds=moment), moment * 1024 + writer)
        assert {**row, "user_id": row["user_id"] and str(row["user_id"])} == {
            column: as_stored(value) for column, value in sent.items()
        }
