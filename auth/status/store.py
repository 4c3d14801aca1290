"""What the status page is made of, as the database has it: two statements, each one round trip."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from auth.database import run_alone
from common.maintenance import Occurrence
from sql.statements import load

statements = load("status")


def read_status() -> dict[str, Any]:
    """The moment, the page's settings, public services, incidents and plans."""
    [(found,)] = run_alone(statements.read_status)
    return dict(orjson.loads(found))


def read_series(since: datetime, planned: Iterable[tuple[int, Occurrence]]) -> dict[str, Any]:
    """Time watched, requests and hosts from `since` on; what was planned for an endpoint counts as not watched."""
    cut = list(planned)
    [(found,)] = run_alone(
        statements.read_status_series,
        since=since,
        planned=[endpoint_id for endpoint_id, _ in cut],
        begins=[occurrence.begins_at for _, occurrence in cut],
        ends=[occurrence.ends_at for _, occurrence in cut],
    )
    return dict(orjson.loads(found))
