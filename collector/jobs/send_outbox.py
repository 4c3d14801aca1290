"""Which messages are due? Each is claimed, handed to the mail server, and finished or tried again up to its expiry.

At least once: a sender that is killed between the server's yes and the note of it sends again, with the same key.
"""

import random
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from collector.backoff import delay_after
from collector.errors import MailError, MailRefused, MailServerAway
from collector.job import Context, Job
from collector.mail import Carrier, Letter, Mailbox, MailSession
from collector.settings import Settings
from common.logging import mask_email
from sql import statements

EVERY = timedelta(seconds=5)
LEASE = timedelta(minutes=3)  # longer than one message may take: every step of SMTP has its limit
ERROR_LENGTH = 500
MOST_AT_ONCE = 1000  # messages given up by one statement

collecting = statements.load("collecting")
outbox = statements.load("outbox")
log = structlog.get_logger()


class Metrics:
    """The backlog, and what became of the tries."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.waiting = Gauge("watchhouse_outbox_messages", "Messages that wait to be sent", registry=registry)
        self.oldest = Gauge(
            "watchhouse_outbox_oldest_seconds", "Age of the oldest message that waits", registry=registry
        )
        self.sent = Counter(
            "watchhouse_outbox_sent_total",
            "Tries to send a message by outcome",
            ["channel", "outcome"],
            registry=registry,
        )
        for outcome in ("sent", "postponed", "failed"):
            self.sent.labels("mail", outcome)


@dataclass(frozen=True)
class Message:
    """A claimed message, as `claim_messages` returns it."""

    id: int
    key: UUID
    channel: str
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


def judge(message: Message, error: MailError | None, now: datetime, luck: float) -> Verdict:
    """The verdict after a try that ended with `error`; none is put off past the message's expiry."""
    if error is None:
        return Verdict("sent")
    told = str(error)[:ERROR_LENGTH]
    if isinstance(error, MailRefused):
        return Verdict("failed", told)
    return Verdict("postponed", told, min(delay_after(message.attempts, luck), message.expires_at - now))


def open_carrier(settings: Settings) -> Carrier | None:
    """The way mail takes here: the mail server, in a demo else the mailbox, else none, and messages wait for one."""
    if settings.mail_server is not None:
        return MailSession(settings.mail_server)
    return Mailbox() if settings.is_demo else None


def run(context: Context[Metrics]) -> None:
    """Give up what has expired, with or without a way; send all that is due, as far as it is open; count what waits."""
    _expire(context)
    carrier = open_carrier(context.settings)
    if carrier is not None:
        with closing(carrier):
            while not context.stopping.is_set() and _send_next(context, carrier):
                pass
    waiting, oldest = context.query(outbox.count_queued_messages)[0]
    context.metrics.waiting.set(waiting)
    context.metrics.oldest.set(oldest)


def _expire(context: Context[Metrics]) -> None:
    kept = context.settings.is_demo
    while given_up := context.query(outbox.expire_messages, most=MOST_AT_ONCE, kept=kept)[0][0]:
        context.metrics.sent.labels("mail", "failed").inc(given_up)
        log.info("messages_expired", messages=given_up)
        if context.stopping.is_set():
            return


def _send_next(context: Context[Metrics], carrier: Carrier) -> bool:
    """Claim one message and try it; False when none is due, or when no other would fare better now.

    One at a time, so that a killed sender holds back a single message until its lease ends.
    """
    rows = context.query(outbox.claim_messages, most=1, retry=LEASE)
    if not rows:
        return False
    message = Message(*rows[0])
    error = _try(context, carrier, message)
    _record(context, message, judge(message, error, context.clock(), random.random()))  # noqa: S311  (no secret)
    return not isinstance(error, MailServerAway)


def _try(context: Context[Metrics], carrier: Carrier, message: Message) -> MailError | None:
    """Hand the message over, outside any transaction; note how the mail server did."""
    letter = Letter(
        message.key, context.settings.mail_from, message.recipient, message.subject, message.body, message.created_at
    )
    began, error = time.perf_counter(), None
    try:
        carrier.send(letter)
    except MailError as raised:
        error = raised
    if isinstance(carrier, MailSession):
        _store_state(context, time.perf_counter() - began, error)
    return error


def _store_state(context: Context[Metrics], seconds: float, error: MailError | None) -> None:
    """A server that refuses one message is up; one that cannot be worked with is not."""
    is_away = isinstance(error, MailServerAway)
    context.query(
        collecting.store_service_state,
        service="mail",
        is_up=not is_away,
        latency_seconds=None if is_away else seconds,
        error=str(error)[:ERROR_LENGTH] if is_away else None,
    )


def _record(context: Context[Metrics], message: Message, verdict: Verdict) -> None:
    if verdict.delay is not None:
        context.query(outbox.postpone_message, id=message.id, delay=verdict.delay, error=verdict.error)
    else:
        context.query(
            outbox.finish_message,
            id=message.id,
            status=verdict.outcome,
            error=verdict.error,
            kept=context.settings.is_demo,
        )
    context.metrics.sent.labels(message.channel, verdict.outcome).inc()
    log.info(
        "message_tried",
        outcome=verdict.outcome,
        message=message.id,
        recipient=mask_email(message.recipient),
        tries=message.attempts,
    )


JOB = Job(name="send_outbox", every=EVERY, grace=None, run=run, metrics=Metrics, woken_by="outbox")
