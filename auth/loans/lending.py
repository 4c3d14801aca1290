"""The rules of lending: borrowing, returning, renewing, and the line for a book of which no copy is left.

For the API and for pages; who calls commits. What is judged is held first, and whatever is refused is rolled back with
the request: so a refusal need not put anything right.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from auth.audit.changes import changes_between
from auth.audit.store import record
from auth.house import house
from auth.http.problems import Problem
from auth.loans import store
from auth.loans.schemas import HeldLoan
from auth.sign_in import Caller

NO_BOOK = "There is no such book"
NO_LOAN = "There is no such loan"
HAS_IT = "You have this book already"
NONE_LEFT = "No copy is left; you may reserve the book"
AGAINST_RENEWAL = {
    "returned": "The book was returned",
    "overdue": "The loan is overdue: the book must be returned",
    "used up": "The loan was renewed as often as it may be",
    "awaited": "Somebody waits for this book",
}
AGAINST_RESERVATION = {
    "has it": HAS_IT,
    "waits": "You have reserved this book already",
    "free": "A copy is left: borrow it",
}


def may_lend(caller: Caller) -> bool:
    """Whether they look after the books, and everybody's loans: librarians and staff."""
    return caller.is_staff or caller.role == "librarian"


def borrow(caller: Caller, book_id: int) -> dict[str, Any]:
    """Lend a book to the caller, on the terms of their role. Raises Problem 404, 409."""
    terms = house().settings.terms_of(caller.role)
    may_have_more = store.hold_for_borrowing(caller.id, book_id, terms.most)
    if may_have_more is None:
        raise Problem(404, NO_BOOK)
    loan = store.lend(caller.id, caller.email, book_id, caller.role, terms.span) if may_have_more else None
    if loan is not None:
        return loan
    if store.has_open_loan(caller.id, book_id):
        raise Problem(409, HAS_IT)
    raise Problem(409, NONE_LEFT if may_have_more else f"You have as many books as you may at once: {terms.most}")


def give_back(caller: Caller, loan_id: int) -> dict[str, Any]:
    """Take a book back, from whoever brings it; it goes to the first who waits. Raises Problem 404, 409."""
    held = _hold_loan(caller, loan_id)
    ended = store.end_loan(loan_id, held.email)
    if ended is None:
        raise Problem(409, AGAINST_RENEWAL["returned"])
    loan, is_awaited = ended
    if is_awaited:
        pass_on(held.book_id)
    _record(caller, held, "loan.returned", loan, {"returned_at": None})
    return loan


def renew(caller: Caller, loan_id: int) -> dict[str, Any]:
    """Lend a book for the days of the borrower's role longer. Raises Problem 404, 409."""
    held, settings = _hold_loan(caller, loan_id), house().settings
    span = settings.terms_of(held.role).span
    refusal, loan = store.renew(loan_id, held.email, settings.loan_renewals, span)
    if refusal is not None:
        raise Problem(409, AGAINST_RENEWAL[refusal])
    before = {"due_at": loan["due_at"] - span, "renewals": loan["renewals"] - 1}
    _record(caller, held, "loan.renewed", loan, before)
    return loan


def reserve(caller: Caller, book_id: int) -> dict[str, Any]:
    """A place at the end of the line for a book. Raises Problem 404, 409."""
    if not store.hold_for_reserving(caller.id, book_id):
        raise Problem(404, NO_BOOK)
    refusal, reservation = store.join_line(caller.id, caller.email, book_id)
    if refusal is not None:
        raise Problem(409, AGAINST_RESERVATION[refusal])
    return reservation


def cancel(caller: Caller, book_id: int) -> None:
    """Give the caller's place in the line for a book up. Raises Problem 404."""
    is_free = store.leave_line(caller.id, book_id) if store.hold_book(book_id) else None
    if is_free is None:
        raise Problem(404, "You have not reserved this book")
    if is_free:
        pass_on(book_id)


def pass_on(book_id: int) -> None:
    """Hold the free copies of a book, whose row is held, for those who wait for it."""
    store.pass_on(book_id, timedelta(days=house().settings.reservation_hold_days))


def _hold_loan(caller: Caller, loan_id: int) -> HeldLoan:
    only_of: UUID | None = None if may_lend(caller) else caller.id
    held = store.hold_loan(loan_id, only_of)
    if held is None:
        raise Problem(404, NO_LOAN)
    return held


def _record(caller: Caller, held: HeldLoan, action: str, loan: dict[str, Any], before: dict[str, Any]) -> None:
    """Keep in the audit log what was done to somebody else's loan; what people do with their own is not kept there."""
    if held.borrower_id != caller.id:
        record(caller, action, "loan", loan["id"], changes_between(before, {name: loan[name] for name in before}))
