"""Numbers at times: of processes, the database, requests and the broker; by minute, by hour, by day."""

from datetime import date, datetime

from sqlalchemy import Double, Integer
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base


class Figure(Base):
    """A number of a subject in a minute. Partitioned by day on `at`."""

    __tablename__ = "figures"
    __table_args__ = ({"postgresql_partition_by": "RANGE (at)"},)

    subject: Mapped[str] = mapped_column(primary_key=True)
    figure: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    value: Mapped[float] = mapped_column(Double)


class FigureHour(Base):
    """An hour of a figure, kept for ever; those of hosts, too."""

    __tablename__ = "figure_hours"

    subject: Mapped[str] = mapped_column(primary_key=True)
    figure: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    samples: Mapped[int] = mapped_column(Integer)
    average: Mapped[float] = mapped_column(Double)
    lowest: Mapped[float] = mapped_column(Double)
    highest: Mapped[float] = mapped_column(Double)


class DailyFigure(Base):
    """A day of the house in one number, kept for ever; the subject is empty where it is the house's own."""

    __tablename__ = "daily_figures"

    day: Mapped[date] = mapped_column(primary_key=True)
    figure: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float] = mapped_column(Double)


class CounterTotal(Base):
    """Where a counter of auth's own stood when it was last read, so that what it grew by is counted once."""

    __tablename__ = "counter_totals"

    source: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    figure: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    total: Mapped[float] = mapped_column(Double)
