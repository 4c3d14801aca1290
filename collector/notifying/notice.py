"""A notification on its way to a channel."""

from dataclasses import dataclass, field

from collector.outbox import Message


@dataclass(frozen=True)
class Notice(Message):
    """A message and where it goes, as `claim_notifications` returns it. The URL may hold a password."""

    kind: str
    channel: str
    url: str = field(repr=False)


def text_of(notice: Notice, public_url: str | None) -> str:
    """What people read: the body, and where there is more to see."""
    return f"{notice.body}\n\n{status_page(public_url)}" if public_url else notice.body


def status_page(public_url: str) -> str:
    """The page that shows the whole state."""
    return f"{public_url.rstrip('/')}/health/status-page/"
