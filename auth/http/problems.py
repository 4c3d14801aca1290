"""Every error as one shape: RFC 9457 problem details with `success`, `message` and, for bad fields, `errors`.

A browser that asks for HTML gets a page of the same. No answer shows a stack trace, SQL or a secret.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from auth.gate import PROBLEM, REQUEST_ID
from auth.http.rules import RULES
from sql.errors import DatabaseAway, DatabaseError, LockTimeout, RuleBroken, translate

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
PASSED_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")
DETAILS = {
    400: "The request cannot be understood",
    404: "There is nothing at this address",
    405: "This address does not know that method",
    413: "The body is larger than 1 MiB",
    500: "Something went wrong here; it has been logged under the request id",
}

log = structlog.get_logger()


class Problem(Exception):
    """An answer that is an error: raised anywhere beneath a route, turned into a response at the rim."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}
        self.reason = reason


def unauthorized(detail: str = "A valid token is needed") -> Problem:
    """401, with the challenge that RFC 9110 demands."""
    return Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="watchhouse"'})


def bad_fields(errors: Mapping[str, list[str]]) -> Problem:
    """422: the body or query was understood and is wrong; `errors` names each field with its reasons."""
    return Problem(422, "Some fields are not right", errors=errors)


def bad_field(fault: ValueError) -> Problem:
    """422 for what a pure rule refused, which says so as (field, reason)."""
    field, reason = fault.args
    return bad_fields({field: [reason]})


def too_many(detail: str, seconds: float, reason: str | None = None) -> Problem:
    """429, to be tried again after `seconds`; with a reason that a machine can read, where there are several."""
    return Problem(429, detail, headers={"Retry-After": str(max(1, round(seconds + 0.5)))}, reason=reason)


def overloaded(detail: str) -> Problem:
    """503: later, please."""
    return Problem(503, detail, headers={"Retry-After": str(RETRY_SECONDS)})


def respond(problem: Problem) -> Response:
    """The response for `problem`: a page for a browser, else problem+json."""
    title = note(problem)
    if wants_html():
        page = render_template(
            "problem.html", status=problem.status, title=title, detail=problem.detail, errors=problem.errors
        )
        return Response(page, problem.status, dict(problem.headers), mimetype="text/html")
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.environ[REQUEST_ID],
        "success": False,
        "message": problem.detail,
    }
    if problem.reason:
        body["reason"] = problem.reason
    if problem.errors:
        body["errors"] = problem.errors
    return Response(orjson.dumps(body), problem.status, dict(problem.headers), mimetype=MEDIA_TYPE)


def note(problem: Problem) -> str:
    """Let the journal know that the answer is `problem`, however it is shown; its title."""
    title = HTTPStatus(problem.status).phrase
    request.environ[PROBLEM] = (title, problem.detail)
    return title


def wants_html() -> bool:
    """Whether the client would rather have HTML than JSON; one that takes anything gets JSON."""
    accepted = request.accept_mimetypes
    return "text/html" in request.headers.get("Accept", "") and (
        accepted["text/html"] > max(accepted["application/json"], accepted[MEDIA_TYPE])
    )


def register(app: Flask) -> None:
    """Make `app` answer every error there is with a problem."""
    app.register_error_handler(Exception, _answer)


def _answer(error: Exception) -> Response:
    return respond(error if isinstance(error, Problem) else _as_problem(error))


def refusal_of(error: Exception) -> Problem | None:
    """What the database's refusal of a change is answered with; None for any other fault."""
    found = error if isinstance(error, DatabaseError) else translate(error)
    return _from_database(found) if found else None


def _as_problem(error: Exception) -> Problem:
    if isinstance(error, HTTPException):
        return _from_http(error)
    if refusal := refusal_of(error):
        return refusal
    log.error("request_failed", request_id=request.environ[REQUEST_ID], path=request.path, exc_info=error)
    return Problem(500, DETAILS[500])


def _from_http(error: HTTPException) -> Problem:
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name in PASSED_HEADERS}
    return Problem(status, DETAILS.get(status) or HTTPStatus(status).phrase, headers=headers)


def _from_database(error: DatabaseError) -> Problem:
    if isinstance(error, DatabaseAway):
        log.warning("database_away", reason=str(error))
        return overloaded("The database cannot be reached; try again shortly")
    if isinstance(error, LockTimeout):
        return Problem(409, "Somebody else is changing this; try again", headers={"Retry-After": str(RETRY_SECONDS)})
    if isinstance(error, RuleBroken) and (rule := RULES.get(error.rule)):
        return bad_fields({rule.field: [rule.detail]}) if rule.field else Problem(rule.status, rule.detail)
    log.error("rule_without_words", request_id=request.environ[REQUEST_ID], error=str(error))
    return bad_fields({"body": ["holds a value that cannot be stored"]})
