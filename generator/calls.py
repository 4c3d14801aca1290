"""How each action is asked for over HTTP, and how an answer is judged. Pure: it sends nothing and keeps nothing."""

from datetime import date
from http import HTTPStatus
from uuid import uuid4

from generator.actions import LENDING, Kind, Outcome
from generator.choices import Action
from generator.content import SEARCHED, changed_fields, new_resource
from generator.lending.asking import library_call
from generator.messages import Answer, Call, Reach
from generator.people import Person

PAGE = 20
MOST_REPEATS = 4
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0


# Whatever is not named here is done by 200; the two misdeeds are never to succeed.
_DONE: dict[Kind, int | None] = {
    Kind.REGISTER: HTTPStatus.CREATED,
    Kind.CREATE: HTTPStatus.CREATED,
    Kind.BORROW: HTTPStatus.CREATED,
    Kind.RESERVE: HTTPStatus.CREATED,
    Kind.CANCEL: HTTPStatus.NO_CONTENT,
    Kind.WRONG_PASSWORD: None,
    Kind.FORBIDDEN_UPDATE: None,
}
_GONE_OR_TAKEN = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})
_REFUSED: dict[Kind, frozenset[int]] = {
    Kind.REGISTER: frozenset({HTTPStatus.CONFLICT}),
    Kind.REFRESH: frozenset({HTTPStatus.UNAUTHORIZED}),
    Kind.UPDATE: frozenset({HTTPStatus.NOT_FOUND}),
    Kind.DELETE: frozenset({HTTPStatus.NOT_FOUND}),
    Kind.WRONG_PASSWORD: frozenset({HTTPStatus.UNAUTHORIZED}),
    Kind.FORBIDDEN_UPDATE: frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}),
    Kind.VIEW: frozenset({HTTPStatus.NOT_FOUND}),
    Kind.CANCEL: frozenset({HTTPStatus.NOT_FOUND}),
    Kind.BORROW: _GONE_OR_TAKEN,
    Kind.RETURN: _GONE_OR_TAKEN,
    Kind.RENEW: _GONE_OR_TAKEN,
    Kind.RESERVE: _GONE_OR_TAKEN,
}
_KEYED = frozenset(
    {Kind.CREATE, Kind.UPDATE, Kind.FORBIDDEN_UPDATE, Kind.BORROW, Kind.RETURN, Kind.RENEW, Kind.RESERVE}
)
# A repeated read or search is counted twice, a repeated wrong password is another attempt.
_UNREPEATABLE = frozenset({Kind.READ, Kind.SEARCH, Kind.WRONG_PASSWORD})


def call_for(action: Action, today: date) -> Call:
    """The request that carries out `action`."""
    person, kind = action.person, action.kind
    if person is None or kind is Kind.VISIT:
        return Call("GET", "/")
    if kind in (Kind.REGISTER, Kind.SIGN_IN, Kind.REFRESH, Kind.WRONG_PASSWORD):
        return _entering_call(kind, person)
    headers = {"Authorization": f"Bearer {person.session.token if person.session else ''}"}
    if kind in _KEYED:
        # Not from the seed: a second run of it would get the first run's answers back for a day.
        headers["Idempotency-Key"] = str(uuid4())
    if kind in LENDING:
        return library_call(kind, action.subject, person.shelf, action.grain, headers)
    return _bearer_call(action, person, today, headers)


def _entering_call(kind: Kind, person: Person) -> Call:
    credentials = {"email": person.email, "password": person.password}
    if kind is Kind.WRONG_PASSWORD:
        return Call("POST", "/login", credentials | {"password": f"{person.password}!"})
    if kind is Kind.REFRESH and person.session:
        return Call("POST", "/api/v1/auth/token/refresh/", {"refresh": person.session.refresh})
    if kind is Kind.SIGN_IN:
        return Call("POST", "/api/v1/auth/login/" if person.uses_app else "/login", credentials)
    if person.uses_app:
        names = {"first_name": person.first_name, "last_name": person.last_name}
        return Call("POST", "/api/v1/auth/register/", credentials | names)
    return Call("POST", "/register", credentials)


def _bearer_call(action: Action, person: Person, today: date, headers: dict[str, str]) -> Call:
    if action.kind is Kind.CREATE:
        return Call("POST", "/actions/create", new_resource(action.grain, person.contact, today), headers=headers)
    if action.kind in (Kind.UPDATE, Kind.FORBIDDEN_UPDATE):
        body = {"id": action.subject} | changed_fields(action.grain)
        return Call("POST", "/actions/update", body, headers=headers)
    if action.kind is Kind.DELETE:
        return Call("DELETE", "/actions/delete", {"id": action.subject}, headers=headers)
    if action.kind is Kind.VERIFY:
        return Call("GET", "/verify", headers=headers)
    return Call("GET", "/actions/read", query=_reading(person, action.grain), headers=headers)


def _reading(person: Person, grain: int) -> dict[str, str]:
    """Mostly the next page of everything, one in eight a search."""
    query = {"limit": str(PAGE)}
    if grain % 8 == 0:
        return query | {"q": SEARCHED[grain // 8 % len(SEARCHED)]}
    return query | {"cursor": person.cursor} if person.cursor else query


def judge(kind: Kind, answer: Answer) -> Outcome:
    """How a request of this kind ended."""
    if answer.reach is not Reach.ANSWERED:
        return Outcome.LOST if answer.reach is Reach.LOST else Outcome.UNREACHABLE
    if answer.status == _DONE.get(kind, HTTPStatus.OK):
        return Outcome.DONE
    if answer.status in _REFUSED.get(kind, ()):
        return Outcome.REFUSED
    return Outcome.LIMITED if answer.status == HTTPStatus.TOO_MANY_REQUESTS else Outcome.FAILED


def pause_before_repeat(kind: Kind, answer: Answer, repeats: int, grain: int) -> float | None:
    """Seconds until the same request is sent again; None when it is not to be repeated."""
    if repeats >= MOST_REPEATS or not _is_repeatable(kind, answer):
        return None
    backoff = FIRST_PAUSE * float(2**repeats) * (1 + grain % 256 / 512)
    return min(max(backoff, answer.retry_after or 0.0), LONGEST_PAUSE)


def _is_repeatable(kind: Kind, answer: Answer) -> bool:
    if answer.reach is Reach.NOT_SENT:
        return True
    if answer.reach is Reach.ANSWERED and answer.status == HTTPStatus.CONFLICT:
        # The first attempt is still running; whoever is refused for good is not told when to come again.
        return kind in _KEYED and answer.retry_after is not None
    is_open = answer.reach is Reach.LOST or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return is_open and kind not in _UNREPEATABLE
