"""What happened at locks: the chained log, what they measured, and what nobody could read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base

# A log, not an entity: never changed, but that the personal part (user_id, ip_address, personal_salt) may be erased.
# Partitioned by month on `created_at`, the time received; `happened_at` is the lock's word. `position` counts from 1 on
# each device, and `id` rises with it, since both are given under the lock on its row of `device_chains`. It comes
# from a sequence by name: an identity of a partitioned table means something else to each version of PostgreSQL.
device_logs = Table(
    "device_logs",
    Base.metadata,
    Column("id", BigInteger, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("success", Boolean, nullable=False),
    Column("user_id", Uuid),
    Column("ip_address", Text),
    Column("personal_salt", LargeBinary),
    Column("personal_hash", LargeBinary, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("boot", BigInteger),
    Column("seq", BigInteger),
    Column("hash", LargeBinary, nullable=False),
    Index("device_logs_of_device", "device_id", "id"),
    Index("device_logs_refused", "id", postgresql_where=text("event_type IN ('PIN_DENIED', 'QR_DENIED')")),
    postgresql_partition_by="RANGE (created_at)",
)

# What a lock measured; kept a month. Partitioned by day on `created_at`, the time received.
device_telemetry = Table(
    "device_telemetry",
    Base.metadata,
    Column("device_id", Uuid, nullable=False),
    Column("boot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("battery_level", SmallInteger),
    Column("rssi", Integer),
    Column("temperature", Double),
    Column("uptime_seconds", BigInteger),
    Index("device_telemetry_of_device", "device_id", "created_at"),
    postgresql_partition_by="RANGE (created_at)",
)


class DeviceChain(Base):
    """The end of a device's log: how many rows it has, the last one's hash. Whoever appends holds this row locked."""

    __tablename__ = "device_chains"

    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    length: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    head: Mapped[bytes] = mapped_column(LargeBinary)


class DeviceCheckpoint(Base):
    """A signed word on a row of a device's log, and when that row came. Where old rows are cut, it stands for them."""

    __tablename__ = "device_checkpoints"

    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class DeadLetter(Base):
    """A message from the fleet that could not be read, with the reason; at most its first 4 KiB."""

    __tablename__ = "dead_letters"
    __table_args__ = (Index("dead_letters_received", "received_at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    received_at: Mapped[datetime]
    topic: Mapped[str]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    payload_bytes: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str]
