"""What locks are told to do: asked by auth, or by the collector of itself; signed, sent and ended by the collector."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment, UuidKey


class DeviceCommand(Base):
    """One command, from `queued` to its end. `number` is the order of asking; its counter comes when it is first sent.

    `received_at`: the lock said that it has it. `ip_address` is where a person asked from.
    """

    __tablename__ = "device_commands"
    __table_args__ = (
        CheckConstraint("command IN ('LOCK', 'UNLOCK', 'REBOOT', 'CODES', 'BACKFILL')", name="command_known"),
        CheckConstraint(
            "status IN ('queued', 'sent', 'acknowledged', 'failed', 'rejected', 'expired')", name="status_known"
        ),
        CheckConstraint("(status IN ('queued', 'sent')) = (finished_at IS NULL)", name="finished_when_done"),
        CheckConstraint("status <> 'sent' OR counter IS NOT NULL", name="counted_when_sent"),
        CheckConstraint("expires_at > created_at", name="expires_later"),
        Index("device_commands_open", "device_id", "number", postgresql_where=text("finished_at IS NULL")),
        Index("device_commands_of_device", "device_id", "number"),
        Index("device_commands_finished", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
    )

    id: Mapped[UuidKey]
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    user_id: Mapped[UUID | None]
    ip_address: Mapped[str | None]
    command: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(server_default="queued")
    reason: Mapped[str | None]
    counter: Mapped[int | None] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
