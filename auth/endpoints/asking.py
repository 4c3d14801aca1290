"""Checks that somebody asks for: auth writes the wish, a collector answers in its row, auth looks for the answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from auth.database import run_alone
from auth.house import house
from auth.http.problems import Problem, bad_fields, overloaded
from auth.sign_in import Caller
from sql.statements import load

statements = load("check_requests")

NOBODY = "No collector is running that could check; try again later"


class CheckResult(BaseModel):
    """What a check found, with the observed value of each assertion."""

    model_config = ConfigDict(extra="allow")

    endpoint_id: int
    name: str
    outcome: str
    reason: str | None = None
    detail: str | None = None
    status_code: int | None = None
    duration_ms: float | None = None
    started_at: datetime | None = None
    assertions: list[dict[str, Any]] | None = None


class CheckRequestView(BaseModel):
    """A wish for checks: `queued`, `running`, `finished` with its results, or `expired` without."""

    id: int
    status: str
    created_at: datetime
    finished_at: datetime | None
    results: list[CheckResult] | None

    @property
    def is_done(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in {"finished", "expired"}


def ask_for_checks(caller: Caller, names: Sequence[str]) -> int:
    """Wish for checks of these endpoints, or with no names of all that are enabled; returns the wish's id.

    Raises Problem 422 with the names that are unknown, 503 when there is nobody to answer.
    """
    [(is_alive, unknown, request_id)] = run_alone(
        statements.request_checks, names=list(dict.fromkeys(names)), asked_by=str(caller.id)
    )
    if unknown:
        raise bad_fields({"endpoints": [f"there is no endpoint named {name!r}" for name in unknown[:20]]})
    if not is_alive:
        raise overloaded(NOBODY)
    return int(request_id)


def wait_for_checks(request_id: int, seconds: float) -> CheckRequestView:
    """The wish as it stands once it is answered, or after `seconds`; at once when too many wait already."""
    answered = house().waiting_room.wait(lambda: _answer_of(request_id), seconds)
    return answered or read_request(request_id)


def read_request(request_id: int) -> CheckRequestView:
    """A wish as it stands. Raises Problem 404."""
    rows = run_alone(statements.read_check_request, id=request_id)
    if not rows:
        raise Problem(404, "There is no such request for checks")
    status, results, created_at, finished_at = rows[0]
    return CheckRequestView(
        id=request_id, status=status, results=results, created_at=created_at, finished_at=finished_at
    )


def _answer_of(request_id: int) -> CheckRequestView | None:
    found = read_request(request_id)
    return found if found.is_done else None
