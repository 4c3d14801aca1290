"""What a person learns from an answer: a token, what is theirs, when to pause. Pure but for the person it changes."""

import base64
import binascii
import json
from http import HTTPStatus
from typing import Any

from generator.actions import ENTERING, LENDING, Kind, Outcome
from generator.choices import Action
from generator.lending import lessons as library
from generator.messages import Answer
from generator.people import MOST_OWNED, Person, Session

DEFAULT_LIFETIME = 600.0
PAUSE = 30.0


def begin(action: Action, now: float) -> None:
    """Take in hand what nobody else may touch meanwhile: the sign-in, the resource, the loan."""
    person = action.person
    if person is None:
        return
    person.is_entering = person.is_entering or action.kind in ENTERING or _is_first_look(action)
    if action.kind in LENDING:
        library.begin(action, person.shelf)
    if action.kind in (Kind.UPDATE, Kind.DELETE) and action.subject is not None:
        person.owned.remove(action.subject)
        person.held.add(action.subject)
    if action.kind is Kind.WRONG_PASSWORD:
        person.mistyped_at = now


def finish(action: Action, answer: Answer, outcome: Outcome, now: float) -> None:
    """Let go of what was taken in hand, and learn from the answer."""
    person = action.person
    if person is None:
        return
    if action.kind in ENTERING or _is_first_look(action):
        person.is_entering = False
    if action.kind in ENTERING:
        _learn_entry(action, answer, outcome, now)
    elif answer.status == HTTPStatus.UNAUTHORIZED and action.kind is not Kind.WRONG_PASSWORD:
        person.session = None
    if outcome is Outcome.LIMITED:
        person.rests_until = now + (answer.retry_after or PAUSE)
    if action.kind in LENDING:
        library.finish(action, person.shelf, answer, outcome)
    else:
        _learn_resources(person, action, answer, outcome)


def _is_first_look(action: Action) -> bool:
    """Whether a person looks what they have from before this run: nothing of theirs may change meanwhile."""
    return action.kind is Kind.LOANS and action.person is not None and bool(action.person.shelf.unread)


def _learn_entry(action: Action, answer: Answer, outcome: Outcome, now: float) -> None:
    person = action.person
    if person is None:
        return
    if action.kind is Kind.REGISTER:
        person.is_registered = outcome in (Outcome.DONE, Outcome.REFUSED)
    elif outcome is Outcome.DONE:
        person.session = session_from(answer.data, now, share=0.8 + action.grain % 100 / 1000)
    elif action.kind is Kind.REFRESH:
        person.session = None
    elif answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        # Disabled, or unknown since the service lost its data: pause, then register again, which tells which.
        person.session, person.is_registered, person.rests_until = None, False, now + PAUSE


def _learn_resources(person: Person, action: Action, answer: Answer, outcome: Outcome) -> None:
    if action.kind is Kind.CREATE and outcome is Outcome.DONE:
        _own(person, int(answer.data["id"]))
    elif action.kind is Kind.READ and outcome is Outcome.DONE:
        _look_through(person, answer.data, is_whole_list=action.grain % 8 != 0)
    elif action.kind in (Kind.UPDATE, Kind.DELETE) and action.subject is not None:
        person.held.discard(action.subject)
        is_gone = outcome is Outcome.REFUSED or (action.kind is Kind.DELETE and outcome is Outcome.DONE)
        if is_gone:
            person.gone.append(action.subject)
        else:
            _own(person, action.subject)


def _own(person: Person, resource: int) -> None:
    """Remember as own; a read may have told it already, before the answer to the create came."""
    if resource not in person.owned:
        person.owned.append(resource)


def _look_through(person: Person, page: dict[str, Any], *, is_whole_list: bool) -> None:
    """Know own resources again (after a restart of the generator), remember some of others, keep the place."""
    if is_whole_list:
        person.cursor = page.get("next")
    for row in page["data"]:
        resource = int(row["id"])
        if row.get("usage_conditions") != person.contact:
            person.others.append(resource)
        elif len(person.owned) < MOST_OWNED and resource not in person.held and resource not in person.gone:
            _own(person, resource)


def session_from(data: dict[str, Any], now: float, *, share: float) -> Session:
    """The session in any of the service's three forms of answer, to be renewed after `share` of its life."""
    pair = data.get("data", {}).get("tokens") or data
    token = pair.get("access") or pair["token"]
    return Session(token, now + lifetime(token) * share, pair.get("refresh"))


def lifetime(token: str) -> float:
    """Seconds between issue and expiry as a JWT tells them; a guess for any other token."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return max(float(claims["exp"]) - float(claims["iat"]), 1.0)
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return DEFAULT_LIFETIME
