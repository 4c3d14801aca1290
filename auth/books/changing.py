"""Changing what is on the shelf: each change whole, with its rights, its conflicts and its entry in the audit log."""

from typing import Any

from auth.audit.changes import changes_between
from auth.audit.store import record
from auth.books import store
from auth.books.schemas import NewBook
from auth.http.problems import Problem
from auth.loans import lending
from auth.loans.store import close_line
from auth.sign_in import Caller
from sql.models import Book

FIELDS = ("title", "author", "category", "isbn", "copies_total")


def add_book(caller: Caller, body: NewBook) -> int:
    """Put a book on the shelf; its id. Raises Problem 403; a known ISBN is a rule of the database."""
    _demand_right(caller)
    values = body.model_dump()
    book_id = store.insert_book(values)
    record(caller, "book.created", "book", book_id, changes_between(None, values))
    return book_id


def change_book(caller: Caller, book_id: int, changes: dict[str, Any]) -> None:
    """Change a book, if anything differs; a copy more goes to who waits for one. Raises Problem 403, 404."""
    _demand_right(caller)
    book = _hold(book_id)
    before = _told(book)
    changed = changes_between(before, {**before, **changes})
    if not changed:
        return
    store.update_book(book, {name: changes[name] for name in changed})
    record(caller, "book.changed", "book", book_id, changed)
    lending.pass_on(book_id)


def withdraw_book(caller: Caller, book_id: int) -> None:
    """Take a book that nobody has from the shelf; nobody waits for it any more. Raises Problem 403, 404."""
    _demand_right(caller)
    book = _hold(book_id)
    before = _told(book)
    store.withdraw_book(book)
    close_line(book_id)
    record(caller, "book.withdrawn", "book", book_id, changes_between(before, None))


def _demand_right(caller: Caller) -> None:
    if not lending.may_lend(caller):
        raise Problem(403, "This is for librarians and staff only")


def _hold(book_id: int) -> Book:
    book = store.lock_book(book_id)
    if book is None:
        raise Problem(404, lending.NO_BOOK)
    return book


def _told(book: Book) -> dict[str, Any]:
    return {name: getattr(book, name) for name in FIELDS}
