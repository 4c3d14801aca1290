"""What people learn from answers."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.actions import Kind, Outcome
from generator.choices import Action
from generator.lessons import DEFAULT_LIFETIME, begin, finish, lifetime, session_from
from generator.messages import Answer, Reach
from generator.people import MOST_OWNED, Person, Session, make_people


def jwt(**claims: float) -> str:
    return f"head.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature"


def signed_in() -> Person:
    person = make_people(1, seed=0)[0]
    person.is_registered, person.session, person.owned = True, Session("token", 1e9), [1, 2, 3]
    return person


def live(action: Action, status: int, outcome: Outcome, data: object = None) -> None:
    begin(action, 0)
    finish(action, Answer(Reach.ANSWERED, status, data), outcome, 0)


@pytest.mark.parametrize(
    "answer",
    [
        {"message": "Login successful", "token": jwt(iat=0, exp=1000)},
        {"success": True, "data": {"user": {}, "tokens": {"access": jwt(iat=0, exp=1000), "refresh": "next"}}},
        {"access": jwt(iat=0, exp=1000), "refresh": "next"},
    ],
    ids=["login", "app login", "refresh"],
)
def test_a_session_is_renewed_before_it_ends(answer: dict) -> None:
    session = session_from(answer, now=50, share=0.8)
    assert session.token == jwt(iat=0, exp=1000)
    assert session.renew_at == 850
    assert session.refresh == (None if "token" in answer else "next")


@given(token=st.text() | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*"))
def test_a_token_of_any_form_has_some_lifetime(token: str) -> None:
    assert lifetime(token) >= 1


def test_an_opaque_token_has_the_default_lifetime() -> None:
    assert lifetime("opaque") == DEFAULT_LIFETIME


def test_a_restarted_generator_knows_its_own_again_by_reading() -> None:
    person = signed_in()
    person.gone.append(5)
    rows = [
        {"id": 4, "usage_conditions": person.contact},
        {"id": 5, "usage_conditions": person.contact},
        {"id": 6, "usage_conditions": "Ask somebody else first"},
        {"id": 1, "usage_conditions": person.contact},
    ]
    live(Action(Kind.READ, person, grain=1), 200, Outcome.DONE, {"data": rows, "next": "further"})
    assert person.owned == [1, 2, 3, 4]
    assert list(person.others) == [6]
    assert person.cursor == "further"


def test_nobody_remembers_more_than_the_bound() -> None:
    person = signed_in()
    rows = [{"id": number, "usage_conditions": person.contact} for number in range(100)]
    live(Action(Kind.READ, person, grain=1), 200, Outcome.DONE, {"data": rows, "next": None})
    assert len(person.owned) == MOST_OWNED


@pytest.mark.parametrize(
    ("kind", "status", "outcome", "is_kept"),
    [
        (Kind.UPDATE, 200, Outcome.DONE, True),
        (Kind.UPDATE, 404, Outcome.REFUSED, False),
        (Kind.DELETE, 200, Outcome.DONE, False),
        (Kind.DELETE, 404, Outcome.REFUSED, False),
        (Kind.DELETE, 503, Outcome.FAILED, True),
    ],
)
def test_what_is_theirs_is_in_one_hand_and_kept_while_it_is_there(
    kind: Kind, status: int, outcome: Outcome, is_kept: bool
) -> None:
    person = signed_in()
    action = Action(kind, person, 0, subject=2)
    begin(action, 0)
    assert person.owned == [1, 3]
    finish(action, Answer(Reach.ANSWERED, status), outcome, 0)
    assert (2 in person.owned) is is_kept
    assert person.held == set()


def test_an_unexpected_401_signs_out_and_a_mistyped_password_does_not() -> None:
    careless, cut_off = signed_in(), signed_in()
    live(Action(Kind.WRONG_PASSWORD, careless, 0), 401, Outcome.REFUSED)
    live(Action(Kind.READ, cut_off, 0), 401, Outcome.FAILED)
    assert careless.session is not None
    assert cut_off.session is None


def test_a_refused_sign_in_leads_back_to_registering_after_a_pause() -> None:
    person = signed_in()
    live(Action(Kind.SIGN_IN, person, 0), 401, Outcome.FAILED)
    assert (person.is_registered, person.is_entering) == (False, False)
    assert not person.is_free(now=1)
    assert person.is_free(now=60)
