"""All database work of figures over time; the collector writes them."""

from typing import Any

from auth.database import run_alone
from auth.hosts.span import Span
from sql.statements import load

statements = load("figure_lines")


def read_subjects(span: Span) -> dict[str, list[dict[str, Any]]]:
    """Each subject's points in order: the moment in seconds under `at`, and the means of the step by figure."""
    statement = statements.read_subject_hours if span.by_hour else statements.read_subject_minutes
    rows = run_alone(statement, since=span.since, until=span.until, step=span.step)
    return dict(rows)
