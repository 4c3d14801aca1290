"""What must be logged of each request: exact where an answer came, a range where none did, and nobody else's."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.actions import Kind
from generator.calls import call_for
from generator.choices import Action
from generator.ledger import Comparison, Ledger, compare
from generator.logged import CLASSES, KEYS, ROUTES, figures_of, note_end, note_sending, parse_analytics
from generator.messages import Answer, Call, Reach
from generator.people import Session, make_people

# Per request: its route, the status that it was or would have been logged with, how far it got, and whether it arrived.
statuses = st.sampled_from([200, 201, 302, 404, 422, 500, 503])
requests = st.lists(
    st.tuples(st.sampled_from(ROUTES), statuses, st.sampled_from(list(Reach)), st.booleans()), max_size=40
)
History = list[tuple[tuple[str, str], int, Reach, bool]]


def play(history: History) -> tuple[Ledger, Counter[tuple[str, str]]]:
    """The ledger of these requests, and what an honest service has logged of them."""
    ledger, logged = Ledger(), Counter[tuple[str, str]]()
    for (method, path), status, reach, has_arrived in history:
        call = Call(method, path)
        note_sending(ledger, call)
        note_end(ledger, call, Answer(reach, status if reach is Reach.ANSWERED else 0))
        if reach is Reach.ANSWERED or (reach is Reach.LOST and has_arrived):
            logged.update((f"{method} {path}", figure) for figure in figures_of(status))
    return ledger, logged


def compared(history: History, more: dict[tuple[str, str], int], *, is_shared: bool = False) -> Comparison:
    ledger, logged = play(history)
    return compare(ledger, {}, logged + Counter(more), KEYS, is_shared=is_shared)


@given(history=requests)
def test_an_honest_service_agrees_whatever_was_lost(history: History) -> None:
    comparison = compared(history, {})
    assert comparison.holds
    lost = sum(reach is Reach.LOST for _, _, reach, _ in history)
    assert sum(line.high - line.low for line in comparison.lines if line.figure == "count") == lost


@given(history=requests, key=st.sampled_from(KEYS))
def test_what_others_send_is_too_much_only_for_who_is_alone(history: History, key: tuple[str, str]) -> None:
    more = {key: len(history) + 1}
    assert [(line.whose, line.figure) for line in compared(history, more).differing] == [key]
    assert compared(history, more, is_shared=True).holds


@given(history=requests.filter(lambda history: any(reach is Reach.ANSWERED for _, _, reach, _ in history)))
def test_an_answered_request_that_is_not_logged_is_missed_by_everybody(history: History) -> None:
    ledger, logged = play(history)
    method, path = next(route for route, _, reach, _ in history if reach is Reach.ANSWERED)
    arrived = [has for route, _, reach, has in history if route == (method, path) and reach is Reach.LOST]
    fewer = Counter({(f"{method} {path}", "count"): 1 + sum(arrived)})
    differing = compare(ledger, {}, logged - fewer, KEYS, is_shared=True).differing
    assert [(line.whose, line.figure) for line in differing] == [(f"{method} {path}", "count")]


@pytest.mark.parametrize(
    ("status", "figures"), [(201, ["count", "2xx"]), (404, ["count", "4xx"]), (503, ["count", "5xx", "errors"])]
)
def test_a_status_adds_to_its_figures(status: int, figures: list[str]) -> None:
    assert list(figures_of(status)) == figures


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxys_own_answer_says_nothing_of_the_service(status: int) -> None:
    history: History = [(("GET", "/"), status, Reach.ANSWERED, False)]
    ledger, _ = play(history)
    assert compare(ledger, {}, {}, KEYS).holds


@pytest.mark.parametrize("uses_app", [False, True])
@pytest.mark.parametrize("kind", Kind)
def test_every_request_is_of_a_route_that_is_compared(kind: Kind, uses_app: bool) -> None:
    person = make_people(1, seed=0)[0]
    person.session, person.uses_app = Session("token", 1e9, "refresh"), uses_app
    call = call_for(Action(kind, person, 1, 7), date(2026, 3, 1))
    assert call.route in ROUTES


def test_a_routes_figures_are_read_and_those_of_others_left() -> None:
    told: dict[str, Any] = {
        "endpoints": [
            {"endpoint": "/login", "method": "POST", "count": 5, "errors": 1},
            {"endpoint": "/login", "method": "GET", "count": 70, "errors": 70},
        ],
        "status_codes": {"2xx": 2, "3xx": 0, "4xx": 2, "5xx": 1},
    }
    counts = {figure: value for (_, figure), value in parse_analytics("POST", "/login", told).items()}
    assert counts == {"count": 5, "errors": 1, "2xx": 2, "3xx": 0, "4xx": 2, "5xx": 1}
    nobody = {"endpoints": [], "status_codes": dict.fromkeys(CLASSES, 0)}
    assert set(parse_analytics("GET", "/", nobody).values()) == {0}
