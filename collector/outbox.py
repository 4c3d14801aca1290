"""What becomes of a message of the outbox: taken, tried again up to its expiry, or given up. Knows no way to send one.

At least once: a sender that is killed between the other side's yes and the note of it sends again, with the same key.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import structlog

from collector.backoff import delay_after
from collector.errors import DeliveryError, DeliveryRefused
from collector.job import Context
from sql import statements

ERROR_LENGTH = 500
MOST_AT_ONCE = 1000  # messages given up by one statement
OUTCOMES = ("sent", "postponed", "failed")

Channel = Literal["mail", "notification"]

sql = statements.load("outbox")
log = structlog.get_logger()


@dataclass(frozen=True)
class Message:
    """A claimed message, as it is claimed."""

    id: int
    key: UUID
    recipient: str
    subject: str
    body: str
    attempts: int
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Verdict:
    """What becomes of a message after a try: `sent`, `failed`, or `postponed` by `delay`."""

    outcome: str
    error: str | None = None
    delay: timedelta | None = None


def judge(message: Message, error: DeliveryError | None, now: datetime, luck: float) -> Verdict:
    """The verdict after a try that ended with `error`; none is put off past the message's expiry."""
    if error is None:
        return Verdict("sent")
    told = tell(error)
    if isinstance(error, DeliveryRefused):
        return Verdict("failed", told)
    return Verdict("postponed", told, min(delay_after(message.attempts, luck), message.expires_at - now))


def tell(error: DeliveryError) -> str:
    """An error as it is kept."""
    return str(error)[:ERROR_LENGTH]


def expire(context: Context[Any], channel: Channel) -> int:
    """Give up what has expired, with or without a way to send it; how many there were."""
    total, kept = 0, channel == "mail" and context.settings.is_demo
    while given_up := context.query(sql.expire_messages, channel=channel, most=MOST_AT_ONCE, kept=kept)[0][0]:
        total += given_up
        log.info("messages_expired", channel=channel, messages=given_up)
        if context.stopping.is_set():
            break
    return total


def record(context: Context[Any], message: Message, verdict: Verdict, *, kept: bool = False) -> None:
    """Write down what became of a message; what a finished one said is erased unless it is to be `kept`."""
    if verdict.delay is not None:
        context.query(sql.postpone_message, id=message.id, delay=verdict.delay, error=verdict.error)
    else:
        context.query(sql.finish_message, id=message.id, status=verdict.outcome, error=verdict.error, kept=kept)


def count(context: Context[Any], channel: Channel) -> tuple[int, float]:
    """How many messages of a channel wait, and the age of the oldest in seconds."""
    [(waiting, oldest)] = context.query(sql.count_queued_messages, channel=channel)
    return waiting, oldest
