"""/home/loans/: what a reader has and until when, what they wait for, and what they had."""

from typing import Any

from auth.home.owner import Room, room_page
from auth.house import house
from auth.http.paging import Page
from auth.loans.lending import give_back, renew
from auth.loans.store import list_open_loans, list_places, read_loans
from auth.pages.refusing import or_say_why
from auth.pages.room import Done
from auth.sign_in import Caller
from common.clock import utc_now

routes = Room()

LOANS = "/home/loans/"


@routes.show(LOANS, query=Page)
def show_own_loans(caller: Caller, query: Page) -> Any:
    """Somebody's own loans and places in lines; what they gave back is a list by pages."""
    past, following = read_loans(limit=query.limit, cursor=query.cursor, status="returned", user_id=caller.id)
    settings = house().settings
    return room_page(
        "loans.html",
        caller,
        loans=list_open_loans(caller.id),
        places=list_places(caller.id),
        past=past,
        next=following,
        most_renewals=settings.loan_renewals,
        terms=settings.terms_of(caller.role),
        now=utc_now(),
    )


@routes.act(LOANS + "<key:loan_id>/return/")
def return_by_button(caller: Caller, loan_id: int) -> Any:
    """Give a book back."""
    return or_say_why(LOANS, lambda: Done(LOANS, f"{give_back(caller, loan_id)['book']['title']} is given back."))


@routes.act(LOANS + "<key:loan_id>/renew/")
def renew_by_button(caller: Caller, loan_id: int) -> Any:
    """Keep a book for longer."""

    def act() -> Done:
        loan = renew(caller, loan_id)
        return Done(LOANS, f"{loan['book']['title']} is yours until {loan['due_at']:%Y-%m-%d %H:%M} UTC.")

    return or_say_why(LOANS, act)
