"""How often something happened, exactly, over all workers and restarts: written in the transaction of what happened."""

from sqlalchemy import BigInteger, CheckConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base


class EventTotal(Base):
    """A part of an event's total; the sum of its stripes is the total.

    A connection adds to the stripe of its backend's pid: one row for all would make every sign-in wait for every other.
    """

    __tablename__ = "event_totals"
    __table_args__ = (
        CheckConstraint("event IN ('registration', 'login', 'search', 'loan', 'return')", name="event_known"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    event: Mapped[str] = mapped_column(primary_key=True)
    stripe: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)
