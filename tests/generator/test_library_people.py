"""People in the library: what they can wish for, what they learn, and the rhythm of a term."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.actions import LENDING, Kind, Outcome
from generator.arrivals import Arrival
from generator.choices import Action, choose
from generator.lending.shelf import MOST_SEEN, OF_LOANS, Loan, Shelf
from generator.lending.term import rhythm, share_of_term
from generator.lending.wishes import USUAL_MOST, grant
from generator.lessons import begin, finish
from generator.messages import Answer, Reach
from generator.moments import Moment
from generator.people import Person, Session, make_people

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
shares = st.floats(0, 1, exclude_max=True)
kinds = st.sampled_from(sorted(LENDING))
grains = st.integers(0, 2**32 - 1)
loans = st.builds(
    Loan,
    st.integers(1, 40),
    st.integers(1, 9),
    st.just("A title"),
    st.integers(-90, 90).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    st.integers(0, 3),
)
shelves = st.builds(
    Shelf,
    unread=st.just([]),
    seen=st.dictionaries(st.integers(1, 9), st.just("A title"), max_size=9),
    loans=st.lists(loans, max_size=7, unique_by=lambda loan: loan.book).map(
        lambda some: {loan.number: loan for loan in some}
    ),
    reserved=st.lists(st.integers(1, 9), max_size=3, unique=True),
)


def reader(shelf: Shelf | None = None) -> Person:
    person = make_people(1, seed=0)[0]
    person.is_registered, person.session = True, Session("token", 1e9)
    person.shelf = shelf or Shelf(unread=[])
    return person


def told_loan(number: int, book: int = 7, due_in: float = 60, **more: object) -> dict:
    due_at = (NOW + timedelta(seconds=due_in)).isoformat()
    return {"id": number, "book": {"id": book, "title": f"Title {book}"}, "due_at": due_at, "renewals": 0, **more}


STATUSES = {Outcome.DONE: 200, Outcome.REFUSED: 409}


def live(person: Person, kind: Kind, subject: int | None, outcome: Outcome, data: object = None) -> None:
    action, status = Action(kind, person, 0, subject), STATUSES[outcome]
    begin(action, 0)
    finish(action, Answer(Reach.ANSWERED, status, {"data": data}), outcome, 0)


def look(person: Person, *pages: list[dict]) -> None:
    """The first looks at one's own loans: those returned, active, overdue."""
    for page in pages:
        live(person, Kind.LOANS, None, Outcome.DONE, {"items": page, "next": None})


@given(kind=kinds, shelf=shelves, grain=grains)
def test_nobody_is_granted_what_they_cannot(kind: Kind, shelf: Shelf, grain: int) -> None:
    granted, subject = grant(kind, shelf, grain, NOW)
    assert granted in LENDING
    assert granted not in OF_LOANS or subject in shelf.loans
    if granted is Kind.BORROW:
        assert subject in {*shelf.strange(), *shelf.reserved}
    if granted is Kind.RETURN and subject is not None:
        loan = shelf.loans[subject]
        assert not loan.is_kept or loan.is_late(NOW) or loan.due_at > NOW + timedelta(minutes=59)


@given(kind=kinds, grain=grains)
def test_first_of_all_people_look_what_they_have(kind: Kind, grain: int) -> None:
    assert grant(kind, Shelf(), grain, NOW) == (Kind.LOANS, None)


def test_while_they_look_for_the_first_time_they_do_nothing_else() -> None:
    person = reader(Shelf())
    begin(Action(Kind.LOANS, person, 0), 0)
    assert choose([person], Arrival(0, 0, 0.5, 1), Moment(1, NOW)).person is None
    finish(Action(Kind.LOANS, person, 0), Answer(Reach.LOST), Outcome.LOST, 0)
    assert person.is_free(1)


def test_after_a_restart_own_loans_are_known_again() -> None:
    person = reader(Shelf())
    look(person, [told_loan(9)], [told_loan(7), told_loan(4, book=2)], [told_loan(5, book=3, due_in=-60)])
    shelf = person.shelf
    assert (shelf.unread, shelf.newest, shelf.brought) == ([], 9, {7, 4, 5})
    assert {number: loan.is_late(NOW) for number, loan in shelf.loans.items()} == {7: False, 4: False, 5: True}


def test_a_book_kept_beyond_its_day_is_given_back_late() -> None:
    shelf = reader(Shelf(unread=[], loans={5: Loan(5, 7, "A title", NOW)})).shelf
    assert grant(Kind.RETURN, shelf, 1, NOW - timedelta(seconds=1)) == (Kind.SEARCH, None)
    assert grant(Kind.RETURN, shelf, 1, NOW + timedelta(seconds=1)) == (Kind.RETURN, 5)


def test_a_late_return_is_counted_by_what_the_service_says() -> None:
    person = reader(Shelf(unread=[], loans={number: Loan(number, number, "", NOW) for number in (1, 2)}))
    in_time, late = ((NOW + timedelta(seconds=seconds)).isoformat() for seconds in (59, 61))
    live(person, Kind.RETURN, 1, Outcome.DONE, told_loan(1, returned_at=in_time))
    live(person, Kind.RETURN, 2, Outcome.DONE, told_loan(2, returned_at=late))
    assert (person.shelf.late, person.shelf.loans) == (1, {})


@pytest.mark.parametrize(
    ("kind", "status", "outcome", "is_kept"),
    [
        (Kind.RETURN, 200, Outcome.DONE, False),
        (Kind.RETURN, 409, Outcome.REFUSED, False),
        (Kind.RETURN, 503, Outcome.FAILED, True),
        (Kind.RENEW, 200, Outcome.DONE, True),
        (Kind.RENEW, 409, Outcome.REFUSED, True),
        (Kind.RENEW, 404, Outcome.REFUSED, False),
    ],
)
def test_a_loan_is_in_one_hand_and_kept_until_it_is_given_back(
    kind: Kind, status: int, outcome: Outcome, is_kept: bool
) -> None:
    person = reader(Shelf(unread=[], loans={3: Loan(3, 7, "A title", NOW)}))
    action = Action(kind, person, 0, 3)
    begin(action, 0)
    assert (person.shelf.loans, person.shelf.number_open) == ({}, 1)
    told = told_loan(3, returned_at=NOW.isoformat())
    finish(action, Answer(Reach.ANSWERED, status, {"data": told}), outcome, 0)
    assert (list(person.shelf.loans), person.shelf.in_hand) == ([3] if is_kept else [], {})


def test_what_was_just_given_back_is_not_learnt_again_from_an_older_page() -> None:
    person = reader(Shelf(unread=[], loans={3: Loan(3, 7, "A title", NOW)}))
    live(person, Kind.RETURN, 3, Outcome.DONE, told_loan(3, returned_at=NOW.isoformat()))
    look(person, [told_loan(3), told_loan(4)])
    assert list(person.shelf.loans) == [4]


def test_who_finds_no_copy_may_wait_for_one_and_fetch_it() -> None:
    person = reader(Shelf(unread=[], seen={7: "A title"}))
    live(person, Kind.BORROW, 7, Outcome.REFUSED)
    assert grant(Kind.RESERVE, person.shelf, 1, NOW) == (Kind.RESERVE, 7)
    live(person, Kind.RESERVE, 7, Outcome.DONE)
    assert grant(Kind.CANCEL, person.shelf, 1, NOW) == (Kind.CANCEL, 7)
    live(person, Kind.BORROW, 7, Outcome.DONE, told_loan(8))
    shelf = person.shelf
    assert (list(shelf.wanted), shelf.reserved, list(shelf.loans), shelf.strange()) == ([], [], [8], [])


def test_who_has_as_many_as_allowed_mostly_gives_back() -> None:
    shelf = reader().shelf
    shelf.loans = {number: Loan(number, number, "", NOW + timedelta(days=14)) for number in range(1, USUAL_MOST + 1)}
    shelf.seen = {99: "Another"}
    granted = Counter(grant(Kind.BORROW, shelf, grain, NOW)[0] for grain in range(800))
    assert granted == {Kind.RETURN: 700, Kind.BORROW: 100}


@given(pages=st.lists(st.lists(st.integers(1, 500), max_size=20), max_size=20))
def test_nobody_remembers_more_books_than_the_bound(pages: list[list[int]]) -> None:
    shelf = Shelf()
    for page in pages:
        shelf.see((book, "A title") for book in page)
    latest = list(dict.fromkeys(book for page in reversed(pages) for book in reversed(page)))
    assert list(reversed(shelf.seen)) == latest[:MOST_SEEN]


@given(share=shares)
def test_no_kind_is_ever_impossible_and_its_course_is_continuous(share: float) -> None:
    here, there = rhythm(share), rhythm(min(share + 1e-6, 1.0))
    assert all(0 < here[kind] < 3 and abs(here[kind] - there[kind]) < 1e-4 for kind in here)


def test_over_a_whole_term_each_kind_comes_as_often_as_without_one() -> None:
    steps = [rhythm((step + 0.5) / 1000) for step in range(1000)]
    assert {kind: round(sum(step[kind] for step in steps) / 1000, 3) for kind in steps[0]} == dict.fromkeys(steps[0], 1)


def test_a_term_begins_with_borrowing_and_ends_with_returning() -> None:
    start, middle, end = rhythm(0.0), rhythm(0.5), rhythm(0.999)
    assert max(start, key=start.__getitem__) is Kind.BORROW
    assert max(middle, key=middle.__getitem__) is Kind.RENEW
    assert max(end, key=end.__getitem__) is Kind.RETURN


@given(terms=st.integers(0, 1000), share=shares, seconds=st.floats(1, 10_000))
def test_terms_follow_one_another(terms: int, share: float, seconds: float) -> None:
    found = share_of_term((terms + share) * seconds, seconds)
    assert 0 <= found < 1
    assert min(abs(found - share), 1 - abs(found - share)) < 1e-6


def test_the_rhythm_is_in_what_people_do() -> None:
    person = make_people(1, seed=0)[0]
    by_share = [
        Counter(person.inclination(step / 5000, rhythm(share)) for step in range(5000)) for share in (0.0, 0.999)
    ]
    start, end = by_share
    assert start[Kind.BORROW] > 3 * end[Kind.BORROW]
    assert end[Kind.RETURN] > 3 * start[Kind.RETURN]
