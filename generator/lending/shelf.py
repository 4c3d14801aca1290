"""What a simulated person knows of the library: books seen, loans of their own, places in lines.

It must not know HTTP, nor what a person does with it.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from generator.actions import Kind

MOST_SEEN = 25
# In this order: a loan that becomes overdue meanwhile is told twice instead of never.
STATUSES = ("returned", "active", "overdue")
OPEN_STATUSES = STATUSES[1:]
ONE_KEPT_IN = 5
OF_LOANS = frozenset({Kind.RETURN, Kind.RENEW})


@dataclass(frozen=True, slots=True)
class Loan:
    """A book that this person has."""

    number: int
    book: int
    title: str
    due_at: datetime
    renewals: int = 0

    @property
    def is_kept(self) -> bool:
        """Whether its borrower is careless about it: by its number, so that a restarted generator is as careless."""
        return self.number % ONE_KEPT_IN == 0

    def is_late(self, now: datetime) -> bool:
        """Whether it should have been given back."""
        return now > self.due_at


@dataclass(slots=True, eq=False)
class Shelf:
    """What one person knows.

    `unread` are the statuses of loans that were not asked for yet; until then `newest`, the number of their last loan
    before this run, and `brought`, those that were open then, are not known, and nothing is borrowed.
    `in_hand` are loans that are just being given back or renewed, `wanted` books of which no copy was left;
    `late` is how many were given back after their day.
    """

    unread: list[str] = field(default_factory=lambda: list(STATUSES))
    newest: int = 0
    brought: set[int] = field(default_factory=set)
    cursor: str | None = None
    seen: dict[int, str] = field(default_factory=dict)
    loans: dict[int, Loan] = field(default_factory=dict)
    in_hand: dict[int, Loan] = field(default_factory=dict)
    given_back: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_SEEN))
    wanted: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_SEEN))
    reserved: list[int] = field(default_factory=list)
    late: int = 0

    def title_of(self, kind: Kind, subject: int) -> str:
        """The title of the book that an action is about; empty when it was never told."""
        loan = self.in_hand.get(subject) if kind in OF_LOANS else None
        return loan.title if loan else self.seen.get(subject, "")

    @property
    def number_open(self) -> int:
        """How many books this person has, as far as they know."""
        return len(self.loans) + len(self.in_hand)

    def strange(self) -> list[int]:
        """Books seen that this person has not got."""
        own = {loan.book for loan in (*self.loans.values(), *self.in_hand.values())}
        return [book for book in self.seen if book not in own]

    def see(self, books: Iterable[tuple[int, str]]) -> None:
        """Remember books by number and title, the latest ones."""
        for book, title in books:
            self.seen.pop(book, None)
            self.seen[book] = title
        while len(self.seen) > MOST_SEEN:
            del self.seen[next(iter(self.seen))]

    def forget(self, book: int) -> None:
        """One that is not there any more."""
        self.seen.pop(book, None)
        self.leave_line(book)

    def have(self, loan: Loan) -> None:
        """Remember an open loan; one that is in hand, or was given back since it was told, is not taken again."""
        if loan.number not in self.in_hand and loan.number not in self.given_back:
            self.loans[loan.number] = loan

    def take(self, number: int) -> None:
        """Take a loan in hand: nobody else gives it back or renews it meanwhile."""
        self.in_hand[number] = self.loans.pop(number)

    def put_back(self, number: int) -> None:
        """It stays with this person."""
        self.loans[number] = self.in_hand.pop(number)

    def give_back(self, number: int) -> None:
        """It is with them no longer."""
        del self.in_hand[number]
        self.given_back.append(number)

    def leave_line(self, book: int) -> None:
        """Wait for it no longer."""
        if book in self.reserved:
            self.reserved.remove(book)
        if book in self.wanted:
            self.wanted.remove(book)
