"""All database work of the request log; the collectors write it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from auth.database import run_alone
from auth.http.moments import EARLIEST, LATEST
from auth.http.paging import BIGGEST_KEY
from auth.request_log.schemas import RequestPage, RequestView
from common.journal import WRITERS
from sql.statements import Row, Statement, load

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_ERROR = 500
# How many rows a page looks at, at most: in the order of the table they lie together, by another index each in a place
# of its own.
MOST_IN_ORDER = 100_000
MOST_BY_INDEX = 20_000

statements = load("request_log")


def list_requests(page: RequestPage, *, user_id: UUID | None) -> tuple[list[RequestView], int | None]:
    """A page of the log, of one person where there is one, and the next page's cursor.

    The page may be short and still have a next one: it ends where as much was looked at as one page may.
    """
    statement, most = _statement_for(page, user_id)
    rows = run_alone(statement, page=page.limit, most=most, **_values_of(page, user_id))
    kept = rows[: page.limit]
    has_more = len(rows) > page.limit or (bool(rows) and rows[-1][0] == most)
    return [_view_of(row) for row in kept if row[1]], kept[-1][2] if has_more else None


def moment_of(cursor: int) -> datetime:
    """When the request was made that a cursor stands for."""
    return EPOCH + timedelta(microseconds=cursor // WRITERS)


def _statement_for(page: RequestPage, user_id: UUID | None) -> tuple[Statement, int]:
    """The statement whose index leaves the fewest rows to look at, and how many it may look at."""
    if user_id is not None:
        return statements.list_requests_of_user, MOST_BY_INDEX
    if page.statuses[0] >= FIRST_ERROR:
        return statements.list_errors, MOST_BY_INDEX
    if page.endpoint is not None:
        return statements.list_requests_of_endpoint, MOST_BY_INDEX
    return statements.list_requests, MOST_IN_ORDER


def _values_of(page: RequestPage, user_id: UUID | None) -> dict[str, Any]:
    lowest, highest = page.statuses
    cursor = page.cursor or BIGGEST_KEY
    return {
        "moment": moment_of(cursor),
        "cursor": cursor,
        "since": page.since or EARLIEST,
        "until": page.until or LATEST,
        "is_probe": bool(page.is_probe),
        "method": page.method,
        "lowest": lowest,
        "highest": highest,
        "endpoint": page.endpoint,
        "user_id": None if user_id is None else str(user_id),
    }


def _view_of(row: Row) -> RequestView:
    _, _, request_id, at, endpoint, method, status, duration_us, sent, answered, is_probe, user_id, *texts = row
    ip_address, user_agent, told_id, title, detail = texts
    return RequestView(
        id=str(request_id),
        at=at,
        endpoint=endpoint,
        method=method,
        status=status,
        duration_ms=duration_us / 1000,
        request_bytes=sent,
        response_bytes=answered,
        is_probe=is_probe,
        user_id=user_id,
        ip_address=ip_address,
        user_agent=user_agent,
        request_id=told_id,
        problem_title=title,
        problem_detail=detail,
    )
