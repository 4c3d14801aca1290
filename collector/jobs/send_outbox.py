"""Which mails are due? Each is claimed, handed to the mail server, and finished or tried again up to its expiry."""

import random
import time
from contextlib import closing
from datetime import timedelta

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from collector.errors import DeliveryError, MailServerAway
from collector.job import Context, Job
from collector.mail import Carrier, Letter, Mailbox, MailSession
from collector.outbox import OUTCOMES, Message, count, expire, judge, record, tell
from collector.settings import Settings
from common.logging import mask_email
from sql import statements

EVERY = timedelta(seconds=5)
LEASE = timedelta(minutes=3)  # longer than one message may take: every step of SMTP has its limit

collecting = statements.load("collecting")
outbox = statements.load("outbox")
log = structlog.get_logger()


class Metrics:
    """The backlog, and what became of the tries."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.waiting = Gauge("watchhouse_outbox_messages", "Mails that wait to be sent", registry=registry)
        self.oldest = Gauge("watchhouse_outbox_oldest_seconds", "Age of the oldest mail that waits", registry=registry)
        self.sent = Counter(
            "watchhouse_outbox_sent_total",
            "Tries to send a mail by outcome",
            ["channel", "outcome"],
            registry=registry,
        )
        for outcome in OUTCOMES:
            self.sent.labels("mail", outcome)


def open_carrier(settings: Settings) -> Carrier | None:
    """The way mail takes here: the mail server, in a demo else the mailbox, else none, and messages wait for one."""
    if settings.mail_server is not None:
        return MailSession(settings.mail_server)
    return Mailbox() if settings.is_demo else None


def run(context: Context[Metrics]) -> None:
    """Give up what has expired, with or without a way; send all that is due, as far as it is open; count what waits."""
    context.metrics.sent.labels("mail", "failed").inc(expire(context, "mail"))
    carrier = open_carrier(context.settings)
    if carrier is not None:
        with closing(carrier):
            while not context.stopping.is_set() and _send_next(context, carrier):
                pass
    waiting, oldest = count(context, "mail")
    context.metrics.waiting.set(waiting)
    context.metrics.oldest.set(oldest)


def _send_next(context: Context[Metrics], carrier: Carrier) -> bool:
    """Claim one message and try it; False when none is due, or when no other would fare better now.

    One at a time, so that a killed sender holds back a single message until its lease ends.
    """
    rows = context.query(outbox.claim_mails, most=1, retry=LEASE)
    if not rows:
        return False
    message = Message(*rows[0])
    error = _try(context, carrier, message)
    verdict = judge(message, error, context.clock(), random.random())  # noqa: S311  (no secret)
    record(context, message, verdict, kept=context.settings.is_demo)
    context.metrics.sent.labels("mail", verdict.outcome).inc()
    log.info(
        "message_tried",
        outcome=verdict.outcome,
        message=message.id,
        recipient=mask_email(message.recipient),
        tries=message.attempts,
    )
    return not isinstance(error, MailServerAway)


def _try(context: Context[Metrics], carrier: Carrier, message: Message) -> DeliveryError | None:
    """Hand the message over, outside any transaction; note how the mail server did."""
    letter = Letter(
        message.key, context.settings.mail_from, message.recipient, message.subject, message.body, message.created_at
    )
    began, error = time.perf_counter(), None
    try:
        carrier.send(letter)
    except DeliveryError as raised:
        error = raised
    if isinstance(carrier, MailSession):
        _store_state(context, time.perf_counter() - began, error)
    return error


def _store_state(context: Context[Metrics], seconds: float, error: DeliveryError | None) -> None:
    """A server that refuses one message is up; one that cannot be worked with is not."""
    is_away = isinstance(error, MailServerAway)
    context.query(
        collecting.store_service_state,
        service="mail",
        is_up=not is_away,
        latency_seconds=None if is_away else seconds,
        error=tell(error) if error is not None and is_away else None,
    )


JOB = Job(name="send_outbox", every=EVERY, grace=None, run=run, metrics=Metrics, woken_by="outbox")
