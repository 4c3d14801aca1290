"""What the paths of loans and reservations take and give."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from auth.http.paging import Page

LoanStatus = Literal["active", "overdue", "returned"]
ReservationStatus = Literal["waiting", "ready", "fulfilled", "cancelled", "expired"]


class LoanPage(Page):
    """A page of loans, newest first."""

    status: LoanStatus | None = None
    own: Annotated[bool, Field(description="For librarians and staff: only their own")] = False


class ReservationPage(Page):
    """A page of reservations, newest first."""

    all: Annotated[bool, Field(description="For librarians and staff: everybody's")] = False


class LentBook(BaseModel):
    """Which book it is."""

    id: int
    title: str
    author: str


class LoanView(BaseModel):
    """A loan; `user` is the borrower's e-mail."""

    id: int
    user: str
    book: LentBook
    borrowed_at: datetime
    due_at: datetime
    returned_at: datetime | None
    status: LoanStatus
    renewals: int


class LoanList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[LoanView]
    next: int | None


@dataclass(frozen=True, slots=True)
class HeldLoan:
    """Whose loan of which book it is that somebody is about to change."""

    book_id: int
    borrower_id: UUID
    role: str
    email: str


@dataclass(frozen=True, slots=True)
class DueLoan:
    """A loan that ends soon."""

    id: int
    user: str
    book_id: int
    title: str
    due_at: datetime


class ReservationView(BaseModel):
    """A place in a book's line: `place` counts those who wait, `ready_until` says how long a copy is held."""

    id: int
    user: str
    book: LentBook
    status: ReservationStatus
    place: int | None
    created_at: datetime
    ready_until: datetime | None
    ended_at: datetime | None


class ReservationList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[ReservationView]
    next: int | None
