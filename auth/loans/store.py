"""All database work of loans and reservations. Who writes holds the borrower's row, then the book's, then the rest."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from auth.database import run_within
from auth.http.paging import BIGGEST_KEY
from auth.loans.busy_hours import BusyHours, gather_hours
from auth.loans.schemas import DueLoan, HeldLoan
from auth.loans.standing import OpenLoan, Place, Standing
from common.lending_mails import copies_are_ready
from sql.statements import Row, load

statements = load("loans")
lists = load("loan_lists")
holds = load("holds")

Shown = dict[str, Any]


def hold_for_borrowing(user_id: UUID, book_id: int, most: int) -> bool | None:
    """Hold borrower and book: whether one loan more may be. None for an unknown book."""
    rows = run_within(statements.hold_for_borrowing, user_id=user_id, book_id=book_id, most=most)
    return rows[0][0] if rows else None


def lend(user_id: UUID, email: str, book_id: int, role: str, span: timedelta) -> Shown | None:
    """Lend a book that is held; None when they have it, or no copy is left for them."""
    rows = run_within(statements.lend_book, user_id=user_id, book_id=book_id, role=role, span=span)
    return _show_loan(email, rows[0]) if rows else None


def has_open_loan(user_id: UUID, book_id: int) -> bool:
    """Whether somebody has a book."""
    return bool(run_within(statements.find_open_loan, user_id=user_id, book_id=book_id)[0][0])


def hold_loan(loan_id: int, only_of: UUID | None) -> HeldLoan | None:
    """Hold a loan's borrower and book; of nobody but `only_of`, when one is given."""
    rows = run_within(statements.hold_loan, loan_id=loan_id, only_of=only_of)
    return HeldLoan(*rows[0]) if rows else None


def end_loan(loan_id: int, email: str) -> tuple[Shown, bool] | None:
    """End a loan that is held, and whether somebody waits for its book; None when it has ended already."""
    rows = run_within(statements.end_loan, loan_id=loan_id)
    if not rows:
        return None
    *told, is_awaited = rows[0]
    return _show_loan(email, told), is_awaited


def pass_on(book_id: int, hold: timedelta) -> None:
    """Give the free copies of a book that is held to who waits longest, and queue the mails that tell them."""
    ready = run_within(statements.pass_on_copies, book_ids=[book_id], hold=hold)
    if ready:
        run_within(holds.queue_waiting_mails, mails=copies_are_ready(ready))


def renew(loan_id: int, email: str, most: int, span: timedelta) -> tuple[str | None, Shown]:
    """Make a loan that is held due later; what stands against it."""
    [(refusal, *told)] = run_within(statements.renew_loan, loan_id=loan_id, most=most, span=span)
    return refusal, _show_loan(email, told)


def hold_for_reserving(user_id: UUID, book_id: int) -> bool:
    """Hold borrower and book; whether there is such a book."""
    return bool(run_within(statements.hold_for_reserving, user_id=user_id, book_id=book_id))


def join_line(user_id: UUID, email: str, book_id: int) -> tuple[str | None, Shown]:
    """A place in the line for a book that is held; what stands against it."""
    [(refusal, *told)] = run_within(statements.join_line, user_id=user_id, book_id=book_id)
    return refusal, _show_reservation(email, told)


def hold_book(book_id: int) -> bool:
    """Hold a book; whether there is such a one."""
    return bool(run_within(statements.hold_book, book_id=book_id))


def leave_line(user_id: UUID, book_id: int) -> bool | None:
    """Give a place in the line for a book that is held up: whether a copy is free by that; None when there is none."""
    rows = run_within(statements.leave_line, user_id=user_id, book_id=book_id)
    return rows[0][0] if rows else None


def close_line(book_id: int) -> None:
    """Nobody waits any more for a book that is held."""
    run_within(statements.close_line, book_id=book_id)


def read_loans(
    *, limit: int, cursor: int = 0, status: str | None = None, user_id: UUID | None = None
) -> tuple[list[Shown], int | None]:
    """A page of loans, newest first, of one person or everybody's, and the next page's cursor."""
    rows = run_within(lists.list_loans, user_id=user_id, status=status, cursor=cursor or BIGGEST_KEY, page=limit)
    loans = [_show_loan(email, (loan_id, *told)) for loan_id, email, *told in rows[:limit]]
    return loans, loans[-1]["id"] if len(rows) > limit else None


def read_reservations(*, user_id: UUID | None, limit: int, cursor: int = 0) -> tuple[list[Shown], int | None]:
    """A page of reservations, newest first, of one person or everybody's, and the next page's cursor."""
    rows = run_within(lists.list_reservations, user_id=user_id, cursor=cursor or BIGGEST_KEY, page=limit)
    reservations = [_show_reservation(email, (number, *told)) for number, email, *told in rows[:limit]]
    return reservations, reservations[-1]["id"] if len(rows) > limit else None


def list_open_loans(user_id: UUID) -> list[OpenLoan]:
    """What somebody has now, the next to end first."""
    return [OpenLoan(*row) for row in run_within(lists.list_open_loans, user_id=user_id)]


def list_places(user_id: UUID) -> list[Place]:
    """What somebody waits for, in the order in which they asked."""
    return [Place(*row) for row in run_within(lists.list_places, user_id=user_id)]


def list_standings(user_id: UUID, book_ids: Iterable[int]) -> dict[int, Standing]:
    """How books stand to somebody, by their ids."""
    rows = run_within(lists.list_standings, user_id=user_id, book_ids=list(book_ids))
    return {row[0]: Standing(*row) for row in rows}


def list_due_soon(span: timedelta, limit: int) -> list[DueLoan]:
    """The loans that end within a span, the next first."""
    return [DueLoan(*row) for row in run_within(lists.list_due_soon, span=span, page=limit)]


def read_busiest_hours() -> BusyHours:
    """When people borrowed within the last four weeks."""
    return gather_hours(run_within(lists.read_busiest_hours))


def make_demo_loans(user_id: UUID, role: str, span: timedelta, loans: Sequence[tuple[str, int, int | None]]) -> int:
    """Loans of a demo's person who never had one, by title and days ago; returns how many were made."""
    titles, borrowed, returned = (list(column) for column in zip(*loans, strict=True))
    rows = run_within(
        statements.make_demo_loans,
        user_id=user_id,
        role=role,
        span=span,
        titles=titles,
        borrowed=borrowed,
        returned=returned,
    )
    made: int = rows[0][0]
    return made


def _show_loan(email: str, row: Row | Sequence[Any]) -> Shown:
    loan_id, book_id, title, author, borrowed_at, due_at, returned_at, status, renewals = row
    return {
        "id": loan_id,
        "user": email,
        "book": {"id": book_id, "title": title, "author": author},
        "borrowed_at": borrowed_at,
        "due_at": due_at,
        "returned_at": returned_at,
        "status": status,
        "renewals": renewals,
    }


def _show_reservation(email: str, row: Row | Sequence[Any]) -> Shown:
    number, book_id, title, author, status, place, created_at, ready_until, ended_at = row
    return {
        "id": number,
        "user": email,
        "book": {"id": book_id, "title": title, "author": author},
        "status": status,
        "place": place,
        "created_at": created_at,
        "ready_until": ready_until,
        "ended_at": ended_at,
    }
