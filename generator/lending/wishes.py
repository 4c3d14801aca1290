"""What a wish becomes that a person cannot have just now, and which book or loan it is about. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from generator.actions import Kind
from generator.lending.shelf import Loan, Shelf

# As many as the house allows a student; they try for one more now and then, and are refused.
USUAL_MOST = 5
DARES_ONE_IN = 8
FETCHES_ONE_IN = 3
MOST_RENEWALS = 3  # one more than the house allows
# Nobody keeps a book beyond its day whose day nobody here will see.
LONGEST_KEPT = timedelta(hours=1)

Wish = tuple[Kind, int | None]


def grant(kind: Kind, shelf: Shelf, grain: int, now: datetime) -> Wish:
    """The wanted kind of the library, or the nearest one that this person can do, and its book or loan."""
    if shelf.unread:
        return Kind.LOANS, None
    granted = _GRANTED.get(kind)
    return granted(shelf, grain, now) if granted else (kind, None)


def _borrow(shelf: Shelf, grain: int, now: datetime) -> Wish:
    if shelf.number_open >= USUAL_MOST and grain % DARES_ONE_IN:
        return _give_back(shelf, grain, now)
    if shelf.reserved and grain % FETCHES_ONE_IN == 0:
        return Kind.BORROW, _pick(shelf.reserved, grain)
    books = shelf.strange()
    return (Kind.BORROW, _pick(books, grain)) if books else (Kind.BROWSE, None)


def _give_back(shelf: Shelf, grain: int, now: datetime) -> Wish:
    loans = [loan.number for loan in shelf.loans.values() if _is_done_with(loan, now)]
    return (Kind.RETURN, _pick(loans, grain)) if loans else (Kind.SEARCH, None)


def _is_done_with(loan: Loan, now: datetime) -> bool:
    return not loan.is_kept or loan.is_late(now) or loan.due_at - now > LONGEST_KEPT


def _renew(shelf: Shelf, grain: int, now: datetime) -> Wish:
    loans = [
        loan.number
        for loan in shelf.loans.values()
        if loan.renewals < MOST_RENEWALS and not (loan.is_kept or loan.is_late(now))
    ]
    return (Kind.RENEW, _pick(loans, grain)) if loans else (Kind.SEARCH, None)


def _reserve(shelf: Shelf, grain: int, now: datetime) -> Wish:
    return (Kind.RESERVE, _pick(shelf.wanted, grain)) if shelf.wanted else _view(shelf, grain, now)


def _cancel(shelf: Shelf, grain: int, _now: datetime) -> Wish:
    return (Kind.CANCEL, _pick(shelf.reserved, grain)) if shelf.reserved else (Kind.LOANS, None)


def _view(shelf: Shelf, grain: int, _now: datetime) -> Wish:
    return (Kind.VIEW, _pick(list(shelf.seen), grain)) if shelf.seen else (Kind.BROWSE, None)


_GRANTED: dict[Kind, Callable[[Shelf, int, datetime], Wish]] = {
    Kind.BORROW: _borrow,
    Kind.RETURN: _give_back,
    Kind.RENEW: _renew,
    Kind.RESERVE: _reserve,
    Kind.CANCEL: _cancel,
    Kind.VIEW: _view,
}


def _pick(numbers: Sequence[int], grain: int) -> int:
    return numbers[grain * 2654435761 % 2**32 % len(numbers)]
