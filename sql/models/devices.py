"""Smart locks: what people know of them, what the locks say of themselves, and who else may use one.

`devices`, `device_shares` are written by auth; `device_states`, `device_boots` by the collector that holds the fleet.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, Integer, SmallInteger, text
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment, UuidKey


class Device(Base):
    """A lock that somebody claimed. The row of a deleted one stays, for its log to stand on; its `device_id` is free.

    Its secrets are derived from the row's id and a version each: a new version makes new ones (common/lock_protocol).
    `codes_version` rises with every change of its codes. `owned_since`: what happened before is not its owner's to see.
    """

    __tablename__ = "devices"
    __table_args__ = (
        CheckConstraint("device_id ~ '^[A-Za-z0-9_-]{1,50}$'", name="device_id_form"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint("status IN ('ACTIVE', 'INACTIVE')", name="status_known"),
        Index("devices_device_id_key", "device_id", unique=True, postgresql_where=text("deleted_at IS NULL")),
        Index("devices_of_owner", "owner_id", "created_at", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("devices_in_order", "created_at", "id", postgresql_where=text("deleted_at IS NULL")),
    )

    id: Mapped[UuidKey]
    device_id: Mapped[str]
    name: Mapped[str]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    mqtt_version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    key_version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    code_key_version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    codes_version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    owned_since: Mapped[Moment]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    deleted_at: Mapped[datetime | None]


class DeviceShare(Base):
    """Somebody else's right to use a lock, within a window when one is given."""

    __tablename__ = "device_shares"
    __table_args__ = (
        CheckConstraint("valid_until > valid_from", name="window_in_order"),
        CheckConstraint("can_unlock OR can_lock", name="of_some_use"),
        Index("device_shares_one_each", "device_id", "user_id", unique=True),
        Index("device_shares_of_user", "user_id"),
    )

    id: Mapped[UuidKey]
    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id", ondelete="CASCADE"))
    can_unlock: Mapped[bool] = mapped_column(server_default=text("true"))
    can_lock: Mapped[bool] = mapped_column(server_default=text("true"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    valid_from: Mapped[Moment]
    valid_until: Mapped[datetime | None]
    created_at: Mapped[Moment]


class DeviceState(Base):
    """What a lock last said, made with its device. Later messages win by (boot, seq), of its `status` by (boot, conn):
    the order in which they arrive says nothing. `offline_since` is a fall that may yet be a flap. Whether it is online
    for people is said by SQL's `is_online_now`: a dead broker leaves `is_online` as it was."""

    __tablename__ = "device_states"
    __table_args__ = (
        CheckConstraint("battery_level BETWEEN 0 AND 100", name="battery_percent"),
        CheckConstraint("char_length(firmware_version) <= 20", name="firmware_short"),
    )

    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    is_online: Mapped[bool] = mapped_column(server_default=text("false"))
    is_locked: Mapped[bool] = mapped_column(server_default=text("true"))
    is_door_open: Mapped[bool | None]
    is_jammed: Mapped[bool] = mapped_column(server_default=text("false"))
    battery_level: Mapped[int | None] = mapped_column(SmallInteger)
    is_battery_low: Mapped[bool] = mapped_column(server_default=text("false"))
    firmware_version: Mapped[str] = mapped_column(server_default="1.0.0")
    rssi: Mapped[int | None] = mapped_column(Integer)
    temperature: Mapped[float | None] = mapped_column(Double)
    uptime_seconds: Mapped[int | None] = mapped_column(BigInteger)
    codes_version: Mapped[int | None] = mapped_column(BigInteger)
    codes_hash: Mapped[str | None]
    last_seen_at: Mapped[datetime | None]
    status_boot: Mapped[int] = mapped_column(BigInteger, server_default=text("-1"))
    status_conn: Mapped[int] = mapped_column(BigInteger, server_default=text("-1"))
    offline_since: Mapped[datetime | None]
    state_boot: Mapped[int] = mapped_column(BigInteger, server_default=text("-1"))
    state_seq: Mapped[int] = mapped_column(BigInteger, server_default=text("-1"))
    telemetry_boot: Mapped[int] = mapped_column(BigInteger, server_default=text("-1"))
    telemetry_seq: Mapped[int] = mapped_column(BigInteger, server_default=text("-1"))
    command_counter: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class DeviceBoot(Base):
    """Which numbers of a lock's boot are stored: what comes again is dropped, what is missing can be asked for."""

    __tablename__ = "device_boots"

    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    boot: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seen: Mapped[Any] = mapped_column(INT8MULTIRANGE)
    updated_at: Mapped[Moment]
    asked_at: Mapped[datetime | None]
