"""Borrowing and reserving books, /api/v1/loans/ and /api/v1/reservations/."""

from typing import Any

from auth.accounts.schemas import Answer
from auth.http.problems import Problem
from auth.http.route import Routes, SignIn, envelope
from auth.loans import lending, schemas, store
from auth.sign_in import Caller

routes = Routes("loans")

BOOK = "/api/v1/books/<key:book_id>/"
LOANS = "/api/v1/loans/"
LOAN = "/api/v1/loans/<key:loan_id>/"


@routes.add(
    "POST",
    BOOK + "borrow/",
    sign_in=SignIn.CALLER,
    is_idempotent=True,
    answers={201: Answer[schemas.LoanView]},
    problems=(409,),
)
def borrow_book(caller: Caller, book_id: int) -> Any:
    """Borrow a copy of a book, on the terms of your role."""
    return 201, envelope("Book borrowed", lending.borrow(caller, book_id))


@routes.add(
    "POST",
    BOOK + "reserve/",
    sign_in=SignIn.CALLER,
    is_idempotent=True,
    answers={201: Answer[schemas.ReservationView]},
    problems=(409,),
)
def reserve_book(caller: Caller, book_id: int) -> Any:
    """Join the line for a book of which no copy is left."""
    return 201, envelope("Book reserved", lending.reserve(caller, book_id))


@routes.add("DELETE", BOOK + "reserve/", sign_in=SignIn.CALLER, answers={204: None})
def cancel_reservation(caller: Caller, book_id: int) -> Any:
    """Give your place in the line up; a copy that is held for you goes to the next."""
    lending.cancel(caller, book_id)
    return 204, None


@routes.add("GET", LOANS, sign_in=SignIn.CALLER, query=schemas.LoanPage, answers={200: Answer[schemas.LoanList]})
def list_loans(caller: Caller, query: schemas.LoanPage) -> Any:
    """Your loans, newest first, a page at a time; librarians and staff see everybody's."""
    is_own = query.own or not lending.may_lend(caller)
    loans, following = store.read_loans(
        limit=query.limit, cursor=query.cursor, status=query.status, user_id=caller.id if is_own else None
    )
    return envelope("Loans retrieved", {"items": loans, "next": following})


@routes.add(
    "POST",
    LOAN + "return/",
    sign_in=SignIn.CALLER,
    is_idempotent=True,
    answers={200: Answer[schemas.LoanView]},
    problems=(409,),
)
def return_book(caller: Caller, loan_id: int) -> Any:
    """Return a book of yours; librarians and staff take back anybody's."""
    return envelope("Book returned", lending.give_back(caller, loan_id))


@routes.add(
    "POST",
    LOAN + "renew/",
    sign_in=SignIn.CALLER,
    is_idempotent=True,
    answers={200: Answer[schemas.LoanView]},
    problems=(409,),
)
def renew_loan(caller: Caller, loan_id: int) -> Any:
    """Keep a book for longer, unless somebody waits for it; librarians and staff renew anybody's loan."""
    return envelope("Loan renewed", lending.renew(caller, loan_id))


@routes.add(
    "GET",
    "/api/v1/reservations/",
    sign_in=SignIn.CALLER,
    query=schemas.ReservationPage,
    answers={200: Answer[schemas.ReservationList]},
    problems=(403,),
)
def list_reservations(caller: Caller, query: schemas.ReservationPage) -> Any:
    """Your places in lines, newest first; with `all`, for librarians and staff, everybody's."""
    if query.all and not lending.may_lend(caller):
        raise Problem(403, "Reservations of others are for librarians and staff only")
    reservations, following = store.read_reservations(
        user_id=None if query.all else caller.id, limit=query.limit, cursor=query.cursor
    )
    return envelope("Reservations retrieved", {"items": reservations, "next": following})
