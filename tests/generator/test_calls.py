"""How actions are asked for, how answers are judged, and what is safe to ask again."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.actions import COUNTED, LENDING, Kind, Outcome
from generator.calls import LONGEST_PAUSE, MOST_REPEATS, call_for, judge, pause_before_repeat
from generator.choices import Action
from generator.messages import Answer, Reach, is_doubtful
from generator.people import Session, make_people

TODAY = date(2026, 3, 1)
LOST, NOT_SENT = Answer(Reach.LOST), Answer(Reach.NOT_SENT)
statuses = st.sampled_from([200, 201, 401, 403, 404, 409, 422, 429, 503])
answers = st.builds(Answer, st.sampled_from(list(Reach)), statuses, st.none(), st.none() | st.floats(0, 1000))


def answered(status: int) -> Answer:
    return Answer(Reach.ANSWERED, status)


def action_of(kind: Kind, *, grain: int = 1, uses_app: bool = False) -> Action:
    person = make_people(1, seed=0)[0]
    person.session, person.uses_app = Session("the-token", 1e9, "the-refresh"), uses_app
    return Action(kind, person, grain, 7)


@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        (Kind.REGISTER, "POST", "/register"),
        (Kind.SIGN_IN, "POST", "/login"),
        (Kind.WRONG_PASSWORD, "POST", "/login"),
        (Kind.VERIFY, "GET", "/verify"),
        (Kind.CREATE, "POST", "/actions/create"),
        (Kind.READ, "GET", "/actions/read"),
        (Kind.UPDATE, "POST", "/actions/update"),
        (Kind.DELETE, "DELETE", "/actions/delete"),
        (Kind.VISIT, "GET", "/"),
        (Kind.BROWSE, "GET", "/api/v1/books/"),
        (Kind.SEARCH, "GET", "/api/v1/books/"),
        (Kind.VIEW, "GET", "/api/v1/books/7/"),
        (Kind.BORROW, "POST", "/api/v1/books/7/borrow/"),
        (Kind.RESERVE, "POST", "/api/v1/books/7/reserve/"),
        (Kind.CANCEL, "DELETE", "/api/v1/books/7/reserve/"),
        (Kind.RETURN, "POST", "/api/v1/loans/7/return/"),
        (Kind.RENEW, "POST", "/api/v1/loans/7/renew/"),
        (Kind.LOANS, "GET", "/api/v1/loans/"),
    ],
)
def test_each_kind_has_its_call(kind: Kind, method: str, path: str) -> None:
    call = call_for(action_of(kind), TODAY)
    assert (call.method, call.path) == (method, path)
    assert ("Authorization" in call.headers) == (kind in COUNTED | LENDING | {Kind.VERIFY})


KEYED = [Kind.CREATE, Kind.UPDATE, Kind.BORROW, Kind.RETURN, Kind.RENEW, Kind.RESERVE]


@pytest.mark.parametrize("kind", KEYED)
def test_each_change_has_a_key_of_its_own(kind: Kind) -> None:
    one, two = (call_for(action_of(kind), TODAY).headers["Idempotency-Key"] for _ in range(2))
    assert one != two


@given(grain=st.integers(0, 2**32 - 1))
def test_whatever_is_shared_keeps_to_the_contract(grain: int) -> None:
    body = call_for(action_of(Kind.CREATE, grain=grain), TODAY).body or {}
    assert 1 <= len(body["name"]) <= 200
    assert datetime.fromisoformat(body["open_date"]) < datetime.fromisoformat(body["expiry_date"])
    assert body["url"].startswith("https://")
    assert all(value for value in body.values())


@pytest.mark.parametrize(
    ("kind", "answer", "outcome"),
    [
        (Kind.CREATE, answered(201), Outcome.DONE),
        (Kind.CREATE, answered(200), Outcome.FAILED),
        (Kind.READ, answered(200), Outcome.DONE),
        (Kind.READ, answered(401), Outcome.FAILED),
        (Kind.REGISTER, answered(409), Outcome.REFUSED),
        (Kind.UPDATE, answered(404), Outcome.REFUSED),
        (Kind.UPDATE, answered(403), Outcome.FAILED),
        (Kind.WRONG_PASSWORD, answered(401), Outcome.REFUSED),
        (Kind.WRONG_PASSWORD, answered(200), Outcome.FAILED),
        (Kind.FORBIDDEN_UPDATE, answered(403), Outcome.REFUSED),
        (Kind.FORBIDDEN_UPDATE, answered(200), Outcome.FAILED),
        (Kind.SEARCH, answered(200), Outcome.DONE),
        (Kind.SEARCH, answered(422), Outcome.FAILED),
        (Kind.BORROW, answered(201), Outcome.DONE),
        (Kind.BORROW, answered(409), Outcome.REFUSED),
        (Kind.BORROW, answered(404), Outcome.REFUSED),
        (Kind.BORROW, answered(500), Outcome.FAILED),
        (Kind.RETURN, answered(200), Outcome.DONE),
        (Kind.RETURN, answered(409), Outcome.REFUSED),
        (Kind.RENEW, answered(409), Outcome.REFUSED),
        (Kind.RESERVE, answered(409), Outcome.REFUSED),
        (Kind.CANCEL, answered(204), Outcome.DONE),
        (Kind.CANCEL, answered(404), Outcome.REFUSED),
        (Kind.VIEW, answered(404), Outcome.REFUSED),
        (Kind.LOANS, answered(404), Outcome.FAILED),
        (Kind.READ, answered(429), Outcome.LIMITED),
        (Kind.READ, answered(503), Outcome.FAILED),
        (Kind.READ, LOST, Outcome.LOST),
        (Kind.READ, NOT_SENT, Outcome.UNREACHABLE),
    ],
)
def test_answers_are_judged_by_what_was_to_be_expected(kind: Kind, answer: Answer, outcome: Outcome) -> None:
    assert judge(kind, answer) is outcome


@pytest.mark.parametrize(
    ("answer", "is_open"),
    [
        (LOST, True),
        (NOT_SENT, False),
        (answered(503), True),
        (answered(500), True),
        (answered(404), False),
        (answered(409), False),
        (answered(429), False),
    ],
)
def test_doubt_is_where_the_service_may_have_acted(answer: Answer, is_open: bool) -> None:
    assert is_doubtful(answer) is is_open


@given(kind=st.sampled_from(list(Kind)), answer=answers, repeats=st.integers(0, 10), grain=st.integers(0, 2**32))
def test_repeats_are_bounded_and_pauses_too(kind: Kind, answer: Answer, repeats: int, grain: int) -> None:
    pause = pause_before_repeat(kind, answer, repeats, grain)
    assert pause is None or (repeats < MOST_REPEATS and 0.25 <= pause <= LONGEST_PAUSE)


@pytest.mark.parametrize("kind", [Kind.READ, Kind.SEARCH])
@given(answer=answers.filter(lambda answer: answer.reach is not Reach.NOT_SENT), repeats=st.integers(0, 3))
def test_a_read_is_never_repeated_since_it_would_count_twice(kind: Kind, answer: Answer, repeats: int) -> None:
    assert pause_before_repeat(kind, answer, repeats, 0) is None


@pytest.mark.parametrize("kind", [*KEYED, Kind.DELETE, Kind.CANCEL])
def test_a_lost_change_is_asked_for_again(kind: Kind) -> None:
    assert pause_before_repeat(kind, LOST, 0, 0) is not None


@pytest.mark.parametrize("kind", KEYED)
def test_who_is_refused_asks_again_only_when_told_when(kind: Kind) -> None:
    still_running = Answer(Reach.ANSWERED, 409, retry_after=1.0)
    assert pause_before_repeat(kind, still_running, 0, 0) is not None
    assert pause_before_repeat(kind, answered(409), 0, 0) is None
