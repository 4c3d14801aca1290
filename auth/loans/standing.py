"""How the library stands to a reader: what they have, what they wait for, what they may do with a book. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OpenLoan:
    """A book that somebody has."""

    id: int
    book_id: int
    title: str
    author: str
    borrowed_at: datetime
    due_at: datetime
    is_overdue: bool
    renewals: int
    is_waited_for: bool

    def refusal(self, most_renewals: int) -> str:
        """Why it cannot be renewed; empty when it can."""
        if self.is_overdue:
            return "it is overdue"
        if self.renewals >= most_renewals:
            return "renewed as often as one may"
        return "somebody waits for it" if self.is_waited_for else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody's place in a book's line; without a number once a copy is held for them."""

    book_id: int
    title: str
    author: str
    created_at: datetime
    ready_until: datetime | None
    number: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a book stands to somebody: `reservation` is waiting, ready or None."""

    book_id: int
    free_copies: int
    is_theirs: bool
    reservation: str | None

    @property
    def may_borrow(self) -> bool:
        """Whether there is a copy for them."""
        return not self.is_theirs and (self.free_copies > 0 or self.reservation == "ready")

    @property
    def may_reserve(self) -> bool:
        """Whether waiting is all that is left."""
        return not (self.is_theirs or self.reservation or self.may_borrow)
