"""What the service must have logged of our requests, by route: how many, and with which class of status. Pure.

Every request that is sent is noted before it leaves. One that was answered is logged, as it was answered; one whose
answer was lost may be; one that found nobody is not.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from generator.ledger import Counts, Key, Ledger, Verdict
from generator.lending.asking import ROUTES as LIBRARY_ROUTES
from generator.messages import Answer, Call, Reach

COUNT, ERRORS = "count", "errors"
CLASSES = ("2xx", "3xx", "4xx", "5xx")
FIGURES = (COUNT, ERRORS, *CLASSES)
ACCOUNTS = "/api/v1/users/"
ONE_ACCOUNT = f"{ACCOUNTS}<uuid:user_id>/"
# As the service spells them.
ROUTES = (
    ("GET", "/"),
    ("POST", "/register"),
    ("POST", "/login"),
    ("GET", "/verify"),
    ("POST", "/api/v1/auth/register/"),
    ("POST", "/api/v1/auth/login/"),
    ("POST", "/api/v1/auth/token/refresh/"),
    ("POST", "/actions/create"),
    ("GET", "/actions/read"),
    ("POST", "/actions/update"),
    ("DELETE", "/actions/delete"),
    ("GET", ACCOUNTS),
    ("PATCH", ONE_ACCOUNT),
    *LIBRARY_ROUTES,
)
# What a proxy answers in the service's place: it does not know either how far the request got.
_GATEWAYS_OWN = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})


def keys_of(method: str, path: str) -> tuple[Key, ...]:
    """The entries of a route in the ledger."""
    return tuple((f"{method} {path}", figure) for figure in FIGURES)


KEYS = tuple(key for method, path in ROUTES for key in keys_of(method, path))


def note_sending(ledger: Ledger, call: Call) -> None:
    """Note a request before it leaves."""
    for key in keys_of(*call.route):
        ledger.open(key)


def note_end(ledger: Ledger, call: Call, answer: Answer) -> None:
    """Note what became of a request."""
    counted = frozenset(figures_of(answer.status))
    for key in keys_of(*call.route):
        ledger.settle(key, _verdict(answer, is_counted=key[1] in counted))


def _verdict(answer: Answer, *, is_counted: bool) -> Verdict:
    if answer.reach is Reach.NOT_SENT:
        return Verdict.NOT_COUNTED
    if answer.reach is Reach.LOST or answer.status in _GATEWAYS_OWN:
        return Verdict.UNCERTAIN
    return Verdict.COUNTED if is_counted else Verdict.NOT_COUNTED


def figures_of(status: int) -> Iterator[str]:
    """The figures that an answer with this status adds to."""
    yield COUNT
    yield f"{status // 100}xx"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield ERRORS


def parse_analytics(method: str, path: str, told: dict[str, Any]) -> Counts:
    """What the service's analytics, asked for one route, tell of it; a route that nobody used is not among them."""
    routes = [route for route in told["endpoints"] if (route["method"], route["endpoint"]) == (method, path)]
    figures = {figure: sum(int(route[figure]) for route in routes) for figure in (COUNT, ERRORS)}
    figures |= {name: int(told["status_codes"][name]) for name in CLASSES}
    return {key: figures[key[1]] for key in keys_of(method, path)}
