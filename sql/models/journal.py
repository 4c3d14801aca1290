"""How far collectors have read the journals of their hosts, what they found, and what they could not read."""

from datetime import datetime

from sqlalchemy import BigInteger, Double, Identity, Index, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment


class JournalSegment(Base):
    """A segment that is read: everything before `position` is stored. It moves in the transaction that stores.

    Names are unique in the world and never come again, so they alone say what was read, whatever the host is called.
    """

    __tablename__ = "journal_segments"

    name: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    position: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[Moment]


class JournalHour(Base):
    """How many lines of an hour a host's collector has read, counted as lines; `probes` of them are our own probes'."""

    __tablename__ = "journal_hours"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(primary_key=True)
    lines: Mapped[int] = mapped_column(BigInteger)
    probes: Mapped[int] = mapped_column(BigInteger)


class JournalState(Base):
    """How a host's journal stands, as its collector saw it at `seen_at`.

    `lag_seconds` is the age of the oldest line that is not stored; losses are lines that auth could not write, since
    the journal began.
    """

    __tablename__ = "journal_states"

    host: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[Moment]
    lag_seconds: Mapped[float] = mapped_column(Double)
    backlog_bytes: Mapped[int] = mapped_column(BigInteger)
    lost_to_errors: Mapped[int] = mapped_column(BigInteger)
    lost_to_cap: Mapped[int] = mapped_column(BigInteger)
    lost_at: Mapped[datetime | None]


class QuarantinedLine(Base):
    """What stands in a segment and is no line; its first 4 KiB, and how long it is."""

    __tablename__ = "quarantined_lines"
    __table_args__ = (Index("quarantined_lines_by_age", "found_at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    host: Mapped[str]
    segment: Mapped[str]
    position: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str]
    found_at: Mapped[Moment]
