"""Messages to the outside: written with the change that causes them, sent by the collector."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment


class Message(Base):
    """One message: queued until it is sent, or until it has failed for so long that it is given up.

    A notification says what `kind` of news it is, which its channel chose to hear.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("channel IN ('mail', 'notification')", name="channel_known"),
        CheckConstraint("(channel = 'notification') = (channel_id IS NOT NULL)", name="channel_named"),
        CheckConstraint("(channel = 'notification') = (kind IS NOT NULL)", name="kind_said"),
        CheckConstraint("status IN ('queued', 'sent', 'failed')", name="status_known"),
        CheckConstraint("(status = 'queued') = (finished_at IS NULL)", name="finished_when_done"),
        Index("outbox_due", "due_at", postgresql_where=text("status = 'queued'")),
        Index("outbox_of_channel", "channel_id", "id", postgresql_where=text("status = 'queued'")),
        Index("outbox_finished", "finished_at", postgresql_where=text("status <> 'queued'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    idempotency_key: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    channel: Mapped[str]
    channel_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("channels.id", ondelete="CASCADE"))
    recipient: Mapped[str]
    kind: Mapped[str | None]
    subject: Mapped[str]
    body: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="queued")
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[Moment]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime] = mapped_column(server_default=text("now() + interval '24 hours'"))
    finished_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
