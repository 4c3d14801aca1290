"""All database work of hosts over time; the figures are the collector's to write."""

from typing import Any

from auth.database import run_alone
from auth.hosts.span import Span
from sql.statements import load

statements = load("hosts")


def read_hosts(span: Span, host: str | None = None) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each host with its points in order, the means of each step by name."""
    statement = statements.read_host_hours if span.by_hour else statements.read_host_minutes
    rows = run_alone(statement, host=host, since=span.since, until=span.until, step=span.step)
    return [(name, points) for name, points in rows]
