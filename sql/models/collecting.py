"""What collectors write of themselves, of their hosts and of the services this house leans on."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, CheckConstraint, Double, Index, Integer, Interval
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment


class Collector(Base):
    """A collector that runs, or ran: it is alive while `seen_at` moves."""

    __tablename__ = "collectors"

    name: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class ServiceState(Base):
    """What the last try of a service we lean on (broker, mail) said."""

    __tablename__ = "service_states"

    service: Mapped[str] = mapped_column(primary_key=True)
    is_up: Mapped[bool]
    latency_seconds: Mapped[float | None] = mapped_column(Double)
    error: Mapped[str | None]
    checked_at: Mapped[datetime]
    succeeded_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(BigInteger)


class HostMetric(Base):
    """The mean of a host's samples over a minute. Partitioned by day on `at`; network counts are bytes a minute."""

    __tablename__ = "host_metrics"
    __table_args__ = ({"postgresql_partition_by": "RANGE (at)"},)

    host: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    samples: Mapped[int] = mapped_column(Integer)
    cpu_percent: Mapped[float] = mapped_column(Double)
    memory_mb: Mapped[float] = mapped_column(Double)
    memory_percent: Mapped[float] = mapped_column(Double)
    disk_percent: Mapped[float] = mapped_column(Double)
    load_1m: Mapped[float] = mapped_column(Double)
    network_sent_bytes: Mapped[int] = mapped_column(BigInteger)
    network_received_bytes: Mapped[int] = mapped_column(BigInteger)
    open_files: Mapped[int] = mapped_column(Integer)


class JobRun(Base):
    """A slot of a periodic job, claimed once over all collectors; a lease that ran out may be claimed again."""

    __tablename__ = "job_runs"
    __table_args__ = (Index("job_runs_by_slot", "slot"),)

    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    claimed_by: Mapped[str]
    claimed_at: Mapped[Moment]
    leased_until: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class PartitionPolicy(Base):
    """How a table that grows with traffic is parted: its span, how many are made ahead, how long they are kept."""

    __tablename__ = "partition_policies"
    __table_args__ = (CheckConstraint("span IN ('day', 'month')", name="span_known"),)

    table_name: Mapped[str] = mapped_column(primary_key=True)
    span: Mapped[str]
    ahead: Mapped[int]
    keep: Mapped[timedelta] = mapped_column(Interval)
