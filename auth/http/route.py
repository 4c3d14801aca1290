"""The one way a path of this service is made: a decorator that says who may ask, what comes in and what goes out.

The order is fixed: sign-in, request limit, rights, body and query, the view, one commit. A view returns its payload,
or its status and payload, or either of them for now and `Later`; everything else is raised as a Problem.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Any

from flask import Flask, Response, request
from pydantic import BaseModel

from auth.database import db
from auth.gate import ADDED_HEADERS, CLIENT_ADDRESS, IS_PROBE, network_of
from auth.house import house
from auth.http.body import read_body, read_query, refuse_body
from auth.http.idempotency import KeyVault, repeat_key
from auth.http.limits import RequestLimits
from auth.http.problems import Problem, too_many
from auth.http.responses import Later, respond_by
from auth.lock_sign_in import AskingLock, read_lock
from auth.settings import Settings
from auth.sign_in import Caller, demand_staff, read_caller, read_claims, read_cookie_caller
from auth.tokens import Claims
from common.networks import is_within
from common.settings import Network

View = Callable[..., Any]

PATH_ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")


class SignIn(IntEnum):
    """Who may ask. With TOKEN the signature is verified and the view's own statement reads the session; with OPTIONAL
    nobody needs a token, and who brings one is known. DEVICE is a lock with its own key: no person."""

    NOBODY = 0
    TOKEN = 1
    CALLER = 2
    STAFF = 3
    OPTIONAL = 4
    DEVICE = 5


@dataclass(frozen=True)
class Route:
    """A method and path, as the contract spells it, with all that is known of it."""

    method: str
    path: str
    view: View
    sign_in: SignIn
    answers: dict[int, Any]
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    problems: tuple[int, ...]
    is_idempotent: bool
    is_limited: bool
    wants: frozenset[str] = field(default_factory=frozenset)

    @property
    def endpoint(self) -> str:
        """Flask's name for it: unique, and found again in `request.endpoint`."""
        return f"{self.method} {self.path}"

    @property
    def takes_cookie(self) -> bool:
        """Whether the cookie of staff's pages opens it too: only what changes nothing, so no other site gains by it."""
        return self.sign_in is SignIn.STAFF and self.method == "GET"


class Routes:
    """The routes of one domain, in the order they are written."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def add(
        self,
        method: str,
        path: str,
        *,
        sign_in: SignIn = SignIn.NOBODY,
        answers: dict[int, Any] | None = None,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        problems: tuple[int, ...] = (),
        is_idempotent: bool = False,
        is_limited: bool = True,
    ) -> Callable[[View], View]:
        """Make the decorated function the view of `method` `path`; `problems` are those that only this view raises."""

        def register(view: View) -> View:
            wants = frozenset(inspect.signature(view).parameters)
            asked = (method, path, view, sign_in, answers or {}, body, query, problems, is_idempotent, is_limited)
            self._routes.append(Route(*asked, wants))
            return view

        return register


class Mounting:
    """What all routes of an app share: its limits, its networks, its vault of kept answers."""

    def __init__(self, settings: Settings) -> None:
        self.limits = RequestLimits(settings.rate_limit)
        self._is_exempt = lru_cache(4096)(lambda address: is_within(address, settings.rate_limit_exempt))
        self.staff_networks = settings.staff_networks
        self.vault = KeyVault(settings.secret_key)

    def mount(self, app: Flask, routes: Routes) -> None:
        """Make `app` serve `routes`. The gate has taken trailing slashes off, so rules stand without."""
        for route in routes:
            app.add_url_rule(
                route.path.rstrip("/") or "/",
                endpoint=route.endpoint,
                methods=[route.method],
                view_func=self._handler(route),
            )

    def _handler(self, route: Route) -> Callable[..., Response]:
        def handle(**arguments: Any) -> Response:
            caller = self._admit(route, arguments)
            if route.body:
                arguments["body"] = read_body(route.body)
            elif route.method != "GET":
                refuse_body()
            if route.query:
                arguments["query"] = read_query(route.query)
            key = repeat_key() if route.is_idempotent else None
            if key is not None and caller is not None:
                return self.vault.once(caller.id, _address_of(route), key, lambda: respond_by(route.view, arguments))
            answer = respond_by(route.view, arguments)
            if route.method != "GET":
                db.session.commit()
            return answer.wait() if isinstance(answer, Later) else answer

        return handle

    def _admit(self, route: Route, arguments: dict[str, Any]) -> Caller | None:
        """Judge who asks, and give the view what it wants to know of them."""
        if route.sign_in is SignIn.NOBODY:
            if route.is_limited:
                self._limit_address()
            return None
        if route.sign_in is SignIn.OPTIONAL and "HTTP_AUTHORIZATION" not in request.environ:
            self._limit_address()
            arguments["caller"] = None
            return None
        if route.sign_in is SignIn.DEVICE:
            arguments["device"] = self._read_device()
            return None
        caller = (self._read_cookie() if route.takes_cookie else None) or self._read_bearer(route, arguments)
        if caller and route.sign_in is SignIn.STAFF:
            self._demand_staff(caller)
        if caller and "caller" in route.wants:
            arguments["caller"] = caller
        return caller

    def _read_cookie(self) -> Caller | None:
        """The member of staff whose cookie it is, where no token says otherwise."""
        caller = None if "HTTP_AUTHORIZATION" in request.environ else read_cookie_caller()
        if caller is not None:
            self._limit(str(caller.id))
        return caller

    def _read_bearer(self, route: Route, arguments: dict[str, Any]) -> Caller | None:
        """Whose token it is, if that is not the view's to find out."""
        claims = self._read_claims()
        if "claims" in route.wants:
            arguments["claims"] = claims
        return None if route.sign_in is SignIn.TOKEN else read_caller(claims)

    def _read_claims(self) -> Claims:
        try:
            claims = read_claims()
        except Problem:
            self._limit_address()  # guesses at tokens are counted where they come from
            raise
        self._limit(claims.user_id)
        return claims

    def _read_device(self) -> AskingLock:
        try:
            lock = read_lock()
        except Problem:
            self._limit_address()
            raise
        self._limit(str(lock.id))
        return lock

    def _demand_staff(self, caller: Caller) -> None:
        demand_staff(caller)
        demand_network(self.staff_networks)

    def _limit_address(self) -> None:
        self._limit(network_of(request.environ[CLIENT_ADDRESS]))

    def _limit(self, key: str) -> None:
        environ = request.environ
        if self._is_exempt(environ[CLIENT_ADDRESS]) or IS_PROBE in environ:
            return
        verdict = self.limits.take(key)
        environ[ADDED_HEADERS] += [
            ("RateLimit-Policy", self.limits.policy),
            ("RateLimit", f'"default";r={verdict.remaining};t={verdict.seconds}'),
        ]
        if not verdict.is_allowed:
            raise too_many("Too many requests", verdict.seconds)


def demand_network(networks: tuple[Network, ...]) -> None:
    """Raises Problem 403 unless the request comes from one of `networks`."""
    if not is_within(request.environ[CLIENT_ADDRESS], networks):
        raise Problem(403, "This is not open to your network")


def sees_all(caller: Caller | None) -> bool:
    """Whether they may see what is not public: staff, in a network that staff comes from."""
    return (
        caller is not None
        and caller.is_staff
        and is_within(request.environ[CLIENT_ADDRESS], house().settings.staff_networks)
    )


def _address_of(route: Route) -> str:
    """The route's path with this request's arguments, in one spelling: a key belongs to what it was sent to."""
    return PATH_ARGUMENT.sub(lambda found: str((request.view_args or {})[found[2]]), route.path)


def envelope(message: str, data: Any) -> dict[str, Any]:
    """The form of /api/v1's answers."""
    return {"success": True, "message": message, "data": data}
