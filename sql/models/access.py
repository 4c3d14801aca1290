"""Ways through a door besides the owner's app: PIN codes, QR codes, and the brake on guessing them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment


class AccessPin(Base):
    """A PIN, kept only as a verifier that server and lock share. Uses that a lock granted offline are counted late, and
    may exceed the limit."""

    __tablename__ = "access_pins"
    __table_args__ = (
        CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint("expires_at > starts_at", name="window_in_order"),
        CheckConstraint("max_uses >= 1", name="max_uses_positive"),
        CheckConstraint("NOT one_time OR max_uses = 1", name="one_time_is_once"),
        CheckConstraint("uses >= 0", name="uses_counted"),
        Index("access_pins_of_device", "device_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    name: Mapped[str]
    verifier: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    starts_at: Mapped[Moment]
    expires_at: Mapped[datetime | None]
    schedule: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    max_uses: Mapped[int | None] = mapped_column(Integer)
    uses: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    one_time: Mapped[bool] = mapped_column(server_default=text("false"))
    created_by: Mapped[UUID | None]
    created_at: Mapped[Moment]


class QrUse(Base):
    """A QR code that was spent, by the server's word or by a lock's that decided offline."""

    __tablename__ = "qr_uses"
    __table_args__ = (
        CheckConstraint("verifier IN ('server', 'lock')", name="verifier_known"),
        Index("qr_uses_used", "used_at"),
    )

    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    nonce: Mapped[str] = mapped_column(primary_key=True)
    verifier: Mapped[str]
    used_at: Mapped[Moment]


class CodeBrake(Base):
    """How a device's codes are being guessed: attempts of late that were wrong, and until when all are refused.

    An attempt is `reserved` before it is looked at, and taken back or kept then; one that never was told of counts.
    """

    __tablename__ = "code_brakes"

    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    attempts: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)), server_default=text("'{}'"))
    reserved: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)), server_default=text("'{}'"))
    lockouts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    locked_at: Mapped[datetime | None]
    locked_until: Mapped[datetime | None]
