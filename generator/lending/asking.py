"""How each wish of the library is asked for over HTTP. Pure: it sends nothing and keeps nothing."""

import re

from generator.actions import Kind
from generator.lending.shelf import OPEN_STATUSES, Shelf
from generator.messages import Call

BOOKS = "/api/v1/books/"
LOANS = "/api/v1/loans/"
ONE_BOOK = "/api/v1/books/<key:book_id>/"
ONE_LOAN = "/api/v1/loans/<key:loan_id>/"
ROUTES = (
    ("GET", BOOKS),
    ("GET", ONE_BOOK),
    ("POST", f"{ONE_BOOK}borrow/"),
    ("POST", f"{ONE_BOOK}reserve/"),
    ("DELETE", f"{ONE_BOOK}reserve/"),
    ("GET", LOANS),
    ("POST", f"{ONE_LOAN}return/"),
    ("POST", f"{ONE_LOAN}renew/"),
)
PAGE = 20
WHOLE_PAGE = 200
SEARCHED = ("the", "history", "wind", "of", "code", "art", "war", "time", "a", "world", "programming", "unwritten")

_ACTS = {
    Kind.BORROW: ("POST", BOOKS, ONE_BOOK, "borrow/"),
    Kind.RESERVE: ("POST", BOOKS, ONE_BOOK, "reserve/"),
    Kind.CANCEL: ("DELETE", BOOKS, ONE_BOOK, "reserve/"),
    Kind.VIEW: ("GET", BOOKS, ONE_BOOK, ""),
    Kind.RETURN: ("POST", LOANS, ONE_LOAN, "return/"),
    Kind.RENEW: ("POST", LOANS, ONE_LOAN, "renew/"),
}


def library_call(kind: Kind, subject: int | None, shelf: Shelf, grain: int, headers: dict[str, str]) -> Call:
    """The request for a wish about `subject`, a book or a loan."""
    if kind in _ACTS:
        method, path, template, act = _ACTS[kind]
        return Call(method, f"{path}{subject}/{act}", headers=headers, template=f"{template}{act}")
    if kind is Kind.LOANS:
        return loans_call(status_to_read(shelf, grain), headers)
    query = {"limit": str(PAGE)}
    if kind is Kind.SEARCH:
        query["q"] = _searched(shelf, grain)
    elif shelf.cursor:
        query["cursor"] = shelf.cursor
    return Call("GET", BOOKS, query=query, headers=headers)


def status_to_read(shelf: Shelf, grain: int) -> str:
    """The first that was not read yet; later one of the open ones, by which a loan is found whose answer was lost."""
    return shelf.unread[0] if shelf.unread else OPEN_STATUSES[grain % len(OPEN_STATUSES)]


def loans_call(status: str, headers: dict[str, str], cursor: str = "") -> Call:
    """A page of one's own loans, newest first; of every status when it is empty."""
    query = {"limit": str(WHOLE_PAGE)} | ({"status": status} if status else {}) | ({"cursor": cursor} if cursor else {})
    return Call("GET", LOANS, query=query, headers=headers)


def _searched(shelf: Shelf, grain: int) -> str:
    """Half of the time a word of a title that they saw."""
    words = [word for title in shelf.seen.values() for word in re.findall(r"\w{3,}", title)]
    chosen = words if words and grain % 2 else SEARCHED
    return chosen[grain // 2 % len(chosen)]
