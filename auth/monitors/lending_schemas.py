"""What the monitors of books and loans answer: exactly these keys, without an envelope."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from auth.monitors.schemas import PERCENT, AlertView


class BooksOverview(BaseModel):
    """Books in copies; those that were withdrawn are not counted."""

    total_books: int
    available_books: int
    borrowed_books: int
    availability_rate: float = Field(description=PERCENT)


class CategoryView(BaseModel):
    """A category's copies."""

    total_books: int
    available_books: int
    utilization_rate: float = Field(description="Percent of the copies that are lent")


class InventoryMetrics(BaseModel):
    """Titles that run short: 1 or 2 copies left, none left; and those all of whose copies are lent, or awaited."""

    low_stock: int
    out_of_stock: int
    high_demand: int
    avg_copies_per_book: float


class ViewedBook(BaseModel):
    """A title, and how often it was looked at."""

    title: str
    views: int


class BorrowedBook(BaseModel):
    """A title, and how often it was borrowed."""

    title: str
    borrows: int


class PopularityMetrics(BaseModel):
    """The ten first of each."""

    most_viewed: list[ViewedBook]
    most_borrowed: list[BorrowedBook]


class BooksMonitor(BaseModel):
    """Books."""

    model: Literal["Book"]
    timestamp: datetime
    overview: BooksOverview
    category_distribution: dict[str, CategoryView]
    inventory_metrics: InventoryMetrics
    popularity_metrics: PopularityMetrics
    alerts: list[AlertView]


class LoansOverview(BaseModel):
    """All loans there ever were; `overdue_rate` is of those that run."""

    total_loans: int
    active_loans: int
    overdue_loans: int
    returned_loans: int
    overdue_rate: float = Field(description=PERCENT)


class OverdueByAge(BaseModel):
    """Overdue loans by the whole days since they were due; the first day is of the first week."""

    days_1_7: int = Field(alias="1-7")
    days_8_30: int = Field(alias="8-30")
    over_30: int


class LoanShare(BaseModel):
    """Loans that run."""

    active_loans: int
    overdue_loans: int


class LoansMonitor(BaseModel):
    """Loans."""

    model: Literal["Loan"]
    timestamp: datetime
    overview: LoansOverview
    overdue_by_age: OverdueByAge
    due_soon: int = Field(description="Due within three days")
    by_role: dict[str, LoanShare]
    by_category: dict[str, LoanShare]
    avg_loan_days: float = Field(description="Of loans that were returned")
    alerts: list[AlertView]
