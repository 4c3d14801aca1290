"""/admin/library/loans/: who has which book and until when; what comes over the desk is given back here."""

from typing import Annotated, Any

from auth.admin.filters import EMPTY
from auth.admin.staff import Room, room_page
from auth.http.paging import Page
from auth.loans.lending import give_back
from auth.loans.schemas import LoanStatus
from auth.loans.store import read_loans
from auth.pages.refusing import or_say_why
from auth.pages.room import Done, PageForm
from auth.sign_in import Caller
from common.clock import utc_now

routes = Room()

HERE = "/admin/library/loans/"
STATUSES = (("", "Any"), ("active", "Active"), ("overdue", "Overdue"), ("returned", "Returned"))


class LoanFilter(Page):
    """What narrows the list."""

    status: Annotated[LoanStatus | None, EMPTY] = None


class ReturnForm(PageForm):
    """The button beside a loan, and which loans were shown when it was pressed."""

    status: str = ""

    @property
    def way_back(self) -> str:
        """The list as it was."""
        return f"{HERE}?status={self.status}" if (self.status, self.status.title()) in STATUSES else HERE


@routes.show(HERE, query=LoanFilter)
def show_loans(caller: Caller, query: LoanFilter) -> Any:
    """Everybody's loans, newest first."""
    loans, following = read_loans(limit=query.limit, cursor=query.cursor, status=query.status)
    return room_page(
        "library_loans.html", caller, loans=loans, next=following, filter=query, statuses=STATUSES, now=utc_now()
    )


@routes.act(HERE + "<key:loan_id>/return/", body=ReturnForm)
def return_loan_by_staff(caller: Caller, loan_id: int, body: ReturnForm) -> Any:
    """Take a book back for whoever had it."""

    def act() -> Done:
        loan = give_back(caller, loan_id)
        return Done(body.way_back, f"{loan['book']['title']} is back from {loan['user']}.")

    return or_say_why(body.way_back, act)
