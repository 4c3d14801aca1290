"""The library's figures that a run is held against: totals of /metrics, and each person's own loans. Pure."""

import re
from collections.abc import Iterable
from typing import Any

from generator.actions import Kind
from generator.ledger import Counts, Key
from generator.lending.shelf import Shelf

LIBRARY = "the library"
_TOTALS = {
    Kind.BORROW: "library_book_loans_total",
    Kind.RETURN: "library_book_returns_total",
    Kind.SEARCH: "library_search_queries_total",
}
_BY_PERSON = (Kind.BORROW, Kind.RETURN)
KEYS = tuple((LIBRARY, kind.value) for kind in _TOTALS)


def keys_of(email: str, kind: Kind) -> tuple[Key, ...]:
    """The entries of an action in the ledger: the library's, and the person's own where their loans tell of it."""
    if kind not in _TOTALS:
        return ()
    return ((LIBRARY, kind.value), *([(email, kind.value)] if kind in _BY_PERSON else []))


def keys_of_people(emails: Iterable[str]) -> list[Key]:
    """The entries of these people."""
    return [(email, kind.value) for email in emails for kind in _BY_PERSON]


def parse_totals(text: str) -> Counts | None:
    """The library's totals in the text of /metrics; None when they are not all there, as without the database."""
    found = {(LIBRARY, kind.value): re.search(rf"^{name} +(\S+)", text, re.MULTILINE) for kind, name in _TOTALS.items()}
    return None if None in found.values() else {key: int(float(value[1])) for key, value in found.items() if value}


def counts_of(email: str, shelf: Shelf, told: list[dict[str, Any]], open_now: set[int]) -> Counts:
    """How many loans a person got in this run, and how many they gave back.

    `told` are their loans from the newest on, at least those of this run, `open_now` those that are not returned.
    """
    new = {int(loan["id"]) for loan in told if int(loan["id"]) > shelf.newest}
    returned = (new | shelf.brought) - open_now
    return {(email, Kind.BORROW.value): len(new), (email, Kind.RETURN.value): len(returned)}
