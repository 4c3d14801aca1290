"""All database work of the history of checks; the collector writes it."""

from datetime import UTC, datetime, timedelta

from auth.checks.schemas import CheckPage, SpanView
from auth.database import run_alone
from auth.endpoints.shown import StaffCheckView
from sql.statements import load

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

statements = load("check_history")


def list_checks(page: CheckPage) -> tuple[list[StaffCheckView], int | None]:
    """A page of an endpoint's checks, newest first, and the next page's cursor."""
    rows = run_alone(statements.list_check_history, page=page.limit, **page.model_dump(exclude={"limit"}))
    checks = [StaffCheckView(**row[0]) for row in rows[: page.limit]]
    return checks, (checks[-1].slot - EPOCH) // MICROSECOND if len(rows) > page.limit else None


def list_troubles(endpoint_id: int, most: int) -> list[SpanView]:
    """The newest spans in which an endpoint was not simply operational, or nobody watched."""
    rows = run_alone(statements.list_troubles, endpoint_id=endpoint_id, most=most)
    return [SpanView(state=row[0], began_at=row[1], ended_at=row[2], seconds=row[3]) for row in rows]
