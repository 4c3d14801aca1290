"""On which terms books are lent: a part of auth's settings, by the borrower's role."""

from dataclasses import dataclass
from datetime import timedelta

from common.settings import integer, number, setting


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long a book is lent, and how many a person may have at once."""

    span: timedelta
    most: int


@dataclass(frozen=True)
class LendingSettings:
    """The part of auth's settings that lending goes by."""

    loan_days_student: float = setting(
        "LOAN_DAYS_STUDENT", number(0, 365), "Days for which a student may have a book", default="14"
    )
    loan_days_teacher: float = setting(
        "LOAN_DAYS_TEACHER", number(0, 365), "Days for which a teacher may", default="30"
    )
    loan_days_others: float = setting("LOAN_DAYS_OTHERS", number(0, 365), "Days for which others may", default="30")
    loans_most_student: int = setting(
        "LOANS_MOST_STUDENT", integer(1, 1000), "Books that a student may have at once", default="5"
    )
    loans_most_teacher: int = setting("LOANS_MOST_TEACHER", integer(1, 1000), "Books that a teacher may", default="10")
    loans_most_others: int = setting("LOANS_MOST_OTHERS", integer(1, 1000), "Books that others may", default="20")
    loan_renewals: int = setting("LOAN_RENEWALS", integer(0, 100), "How often a loan may be renewed", default="2")
    reservation_hold_days: float = setting(
        "RESERVATION_HOLD_DAYS", number(0, 365), "Days for which a copy is held for who waited", default="3"
    )

    def terms_of(self, role: str) -> Terms:
        """The terms for a role."""
        named = role if role in ("student", "teacher") else "others"
        days: float = getattr(self, f"loan_days_{named}")
        return Terms(timedelta(days=days), getattr(self, f"loans_most_{named}"))
