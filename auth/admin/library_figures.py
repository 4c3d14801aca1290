"""What staff's overview of the library shows beside the monitors: when people borrow, what ends soon, what runs out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.database import run_alone, run_within
from auth.monitors.store import keep
from sql.statements import load

statements = load("library_pages")

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHORT_WEEKDAYS = tuple(day[:3] for day in WEEKDAYS)
HOURS = 24
HOURS_SECONDS = 3600  # kept as long as the monitors keep distributions
LOW_STOCK_SECONDS = 300  # and as they keep figures
SOON = timedelta(days=3)
SHOWN = 10
# From which part of the busiest hour's loans on an hour is shaded how deep.
SHADES = ((1, 0.0), (2, 0.2), (3, 0.4), (4, 0.6), (5, 0.8))


@dataclass(frozen=True)
class Hours:
    """Loans of four weeks by week day and hour: a row for each day, Monday first."""

    counts: list[list[int]]

    @property
    def busiest(self) -> int:
        """The loans of the hour that had most."""
        return max(max(row) for row in self.counts)

    def shade_of(self, count: int) -> int:
        """How deep an hour is shaded; 0 where nothing was borrowed."""
        return max((shade for shade, least in SHADES if count and count / self.busiest >= least), default=0)

    @property
    def peak(self) -> tuple[str, int]:
        """The week day and the hour with most loans, the first of several."""
        place = max(range(len(WEEKDAYS) * HOURS), key=lambda place: self.counts[place // HOURS][place % HOURS])
        return WEEKDAYS[place // HOURS], place % HOURS


@dataclass(frozen=True, slots=True)
class DueLoan:
    """A loan that ends soon."""

    id: int
    user: str
    book_id: int
    title: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ScarceBook:
    """A book with hardly a copy left."""

    id: int
    title: str
    author: str
    copies_available: int
    copies_total: int
    waiting: int


def gather_hours(rows: Iterable[tuple[int, int, int]]) -> Hours:
    """The hours from (week day from 1, hour, loans); those that are not named had none."""
    counts = [[0] * HOURS for _ in WEEKDAYS]
    for weekday, hour, loans in rows:
        counts[weekday - 1][hour] = loans
    return Hours(counts)


def read_busiest_hours() -> Hours:
    """When people borrowed within the last four weeks, as it was at most an hour ago."""
    return gather_hours(keep("library_hours", HOURS_SECONDS, lambda: run_alone(statements.read_busiest_hours)).value)


def list_low_stock() -> list[ScarceBook]:
    """The books that are borrowed most of those with one or two copies left, as it was at most 5 minutes ago."""
    kept = keep("library_low_stock", LOW_STOCK_SECONDS, lambda: run_alone(statements.list_low_stock, page=SHOWN))
    return [ScarceBook(*row) for row in kept.value]


def list_due_soon() -> list[DueLoan]:
    """The loans that end next."""
    return [DueLoan(*row) for row in run_within(statements.list_due_soon, span=SOON, page=SHOWN)]


def list_categories() -> list[str]:
    """Every category that a book is in, in order."""
    return [category for (category,) in run_within(statements.list_categories)]
