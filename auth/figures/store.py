"""All database work of figures over time; the collector writes them."""

from typing import Any

from auth.database import run_alone
from auth.hosts.span import Span
from sql.statements import load

REQUEST_FIGURES = ("at", "requests", "client_errors", "errors", "average_ms", "p95_ms")

statements = load("figure_lines")


def read_subjects(span: Span) -> dict[str, list[dict[str, Any]]]:
    """Each subject's points in order: the moment in seconds under `at`, and the means of the step by figure."""
    statement = statements.read_subject_hours if span.by_hour else statements.read_subject_minutes
    rows = run_alone(statement, since=span.since, until=span.until, step=span.step)
    return dict(rows)


def read_requests(span: Span) -> list[dict[str, Any]]:
    """The points of all requests together, in the same form."""
    statement = statements.read_request_hours if span.by_hour else statements.read_request_minutes
    rows = run_alone(statement, since=span.since, until=span.until, step=span.step)
    return [dict(zip(REQUEST_FIGURES, row, strict=True)) for row in rows]
