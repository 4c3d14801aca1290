"""What the library must have counted: the totals of /metrics, and people's own loans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.actions import Kind
from generator.ledger import Ledger, Verdict, compare
from generator.lending.figures import KEYS, LIBRARY, counts_of, keys_of, keys_of_people, parse_totals
from generator.lending.shelf import Shelf

TEXT = (
    "# TYPE library_book_loans_total counter\nlibrary_book_loans_total 41\n"
    "library_book_returns_total 1.2e+01\n"
    "# HELP library_search_queries_total Searches.\nlibrary_search_queries_total 7.0\n"
    "library_user_logins_total 5\n"
)


def test_the_totals_are_read() -> None:
    assert parse_totals(TEXT) == {(LIBRARY, "borrow"): 41, (LIBRARY, "return"): 12, (LIBRARY, "search"): 7}


@pytest.mark.parametrize("name", ["library_book_loans_total", "library_book_returns_total", "library_search_queries"])
def test_without_one_of_them_nothing_is_read(name: str) -> None:
    assert parse_totals(TEXT.replace(f"\n{name}", "\nother")) is None


@pytest.mark.parametrize(
    ("kind", "figures"),
    [
        (Kind.BORROW, [(LIBRARY, "borrow"), ("a@x.example", "borrow")]),
        (Kind.RETURN, [(LIBRARY, "return"), ("a@x.example", "return")]),
        (Kind.SEARCH, [(LIBRARY, "search")]),
        (Kind.RENEW, []),
        (Kind.BROWSE, []),
    ],
)
def test_what_an_action_is_counted_in(kind: Kind, figures: list) -> None:
    keys = keys_of("a@x.example", kind)
    assert list(keys) == figures
    assert {*keys} <= {*KEYS, *keys_of_people(["a@x.example"])}


# Per loan: whether it was there before the run, and whether it was given back before or in it.
BORROWED = frozenset({"new", "new, returned"})
RETURNED = frozenset({"old, returned now", "new, returned"})
histories = st.lists(st.sampled_from(["old and returned", "old", *sorted(BORROWED | RETURNED)]), max_size=30).map(
    lambda history: sorted(history, key=BORROWED.__contains__)
)


def play(history: list[str]) -> Ledger:
    """The ledger of who did this."""
    ledger = Ledger()
    for was in history:
        for kind in [Kind.BORROW] * (was in BORROWED) + [Kind.RETURN] * (was in RETURNED):
            for key in keys_of("a@x.example", kind):
                ledger.open(key)
                ledger.settle(key, Verdict.COUNTED)
    return ledger


@given(history=histories)
def test_a_persons_loans_tell_what_changed_in_this_run(history: list[str]) -> None:
    loans = dict(enumerate(history, start=1))
    shelf = Shelf()
    shelf.newest = max((number for number, was in loans.items() if was not in BORROWED), default=0)
    shelf.brought = {number for number, was in loans.items() if was in ("old", "old, returned now")}
    told = [{"id": number} for number in sorted(loans, reverse=True)]
    open_now = {number for number, was in loans.items() if was in ("old", "new")}
    served = counts_of("a@x.example", shelf, told, open_now)
    assert compare(play(history), {}, served, keys_of_people(["a@x.example"])).holds
    assert sum(served.values()) == sum((was in BORROWED) + (was in RETURNED) for was in history)
