"""What a person learns of the library from an answer. Pure but for the shelf it changes."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from generator.actions import Kind, Outcome
from generator.choices import Action
from generator.lending.asking import status_to_read
from generator.lending.shelf import OF_LOANS, OPEN_STATUSES, Loan, Shelf
from generator.lending.wishes import USUAL_MOST
from generator.messages import Answer


def begin(action: Action, shelf: Shelf) -> None:
    """Take in hand what nobody else may touch meanwhile."""
    if action.kind in OF_LOANS and action.subject is not None:
        shelf.take(action.subject)


def finish(action: Action, shelf: Shelf, answer: Answer, outcome: Outcome) -> None:
    """Let go of what was taken in hand, and learn from the answer."""
    kind, subject = action.kind, action.subject
    if subject is not None and kind in OF_LOANS:
        _let_go(kind, subject, shelf, answer, outcome)
    elif subject is not None:
        _learn_of_book(kind, subject, shelf, answer, outcome)
    elif outcome is Outcome.DONE:
        _learn_of_list(kind, shelf, action.grain, answer.data["data"])


def _let_go(kind: Kind, number: int, shelf: Shelf, answer: Answer, outcome: Outcome) -> None:
    if kind is Kind.RETURN and outcome in (Outcome.DONE, Outcome.REFUSED):
        shelf.give_back(number)
        shelf.late += outcome is Outcome.DONE and _is_late(answer.data["data"])
    elif answer.status == HTTPStatus.NOT_FOUND:
        shelf.give_back(number)
    else:
        shelf.put_back(number)
        if kind is Kind.RENEW and outcome is Outcome.DONE:
            shelf.have(loan_from(answer.data["data"]))


def _is_late(told: dict[str, Any]) -> bool:
    return datetime.fromisoformat(told["returned_at"]) > datetime.fromisoformat(told["due_at"])


def _learn_of_book(kind: Kind, book: int, shelf: Shelf, answer: Answer, outcome: Outcome) -> None:
    if outcome is Outcome.REFUSED and answer.status == HTTPStatus.NOT_FOUND and kind is not Kind.CANCEL:
        shelf.forget(book)
    elif kind is Kind.BORROW:
        _learn_of_borrowing(book, shelf, answer, outcome)
    elif kind is Kind.VIEW and outcome is Outcome.DONE:
        shelf.see([(book, str(answer.data["data"]["title"]))])
    elif kind in (Kind.RESERVE, Kind.CANCEL) and outcome in (Outcome.DONE, Outcome.REFUSED):
        shelf.leave_line(book)
        if kind is Kind.RESERVE and outcome is Outcome.DONE:
            shelf.reserved.append(book)


def _learn_of_borrowing(book: int, shelf: Shelf, answer: Answer, outcome: Outcome) -> None:
    """Refused although they may have more, it is lent to others, and they may wait for it."""
    if outcome is Outcome.DONE:
        shelf.leave_line(book)
        shelf.have(loan_from(answer.data["data"]))
    elif outcome is Outcome.REFUSED and shelf.number_open < USUAL_MOST and book not in (*shelf.wanted, *shelf.reserved):
        shelf.wanted.append(book)


def _learn_of_list(kind: Kind, shelf: Shelf, grain: int, page: dict[str, Any]) -> None:
    if kind is Kind.LOANS:
        _learn_of_loans(shelf, status_to_read(shelf, grain), page["items"])
        return
    shelf.see((int(book["id"]), str(book["title"])) for book in page["items"])
    if kind is Kind.BROWSE:
        shelf.cursor = None if page["next"] is None else str(page["next"])


def _learn_of_loans(shelf: Shelf, status: str, told: list[dict[str, Any]]) -> None:
    """Know own loans again, after a restart of the generator or when an answer was lost."""
    if status in OPEN_STATUSES:
        for one in told:
            shelf.have(loan_from(one))
    if shelf.unread:
        numbers = {int(one["id"]) for one in told}
        shelf.newest = max(shelf.newest, *numbers, 0)
        shelf.brought |= numbers if status in OPEN_STATUSES else set()
        shelf.unread.remove(status)


def loan_from(told: dict[str, Any]) -> Loan:
    """A loan as the service tells it."""
    book = told["book"]
    due_at = datetime.fromisoformat(told["due_at"])
    return Loan(int(told["id"]), int(book["id"]), str(book["title"]), due_at, int(told["renewals"]))
