"""Which channels have news? The oldest message of each is claimed and sent, and the next one after it.

Channels never wait for one another: while one hangs, this goes on with the others. Messages of a channel go out in
order; one that failed holds up those behind it until it is taken or 24 hours old. At least once, with the same key each
time. A channel that is switched off keeps its messages until it is on again or they expire; a deleted one takes them
with it.
"""

import random
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from collector.errors import DeliveryError
from collector.job import Context, Job
from collector.notifying import couriers, webhooks
from collector.notifying.couriers import Couriers
from collector.notifying.notice import Notice
from collector.notifying.webhooks import Webhooks
from collector.outbox import OUTCOMES, count, expire, judge, record, tell
from sql import statements

EVERY = timedelta(seconds=5)
LEASE = timedelta(minutes=1)  # longer than a message may take
LOOK_SECONDS = 0.25  # for news of other channels, while some are being sent

collecting = statements.load("collecting")
sql = statements.load("notifications")
log = structlog.get_logger()


class Metrics:
    """The backlog, what became of the tries, and how each channel fares."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.waiting = Gauge(
            "watchhouse_notifications_waiting", "Notifications that wait to be sent", registry=registry
        )
        self.oldest = Gauge(
            "watchhouse_notifications_oldest_seconds", "Age of the oldest notification that waits", registry=registry
        )
        self.sent = Counter(
            "watchhouse_notifications_sent_total",
            "Tries to send a notification by outcome",
            ["outcome"],
            registry=registry,
        )
        self.up = Gauge(
            "watchhouse_channel_up",
            "Whether the last try to send by a channel went well",
            ["channel"],
            registry=registry,
        )
        for outcome in OUTCOMES:
            self.sent.labels(outcome)


@dataclass
class Round:
    """Notices under way, and since when."""

    webhooks: Webhooks
    couriers: Couriers
    flights: dict["Future[DeliveryError | None]", tuple[Notice, float]] = field(default_factory=dict)

    def free(self, *, is_webhook: bool) -> int:
        """How many more may be sent at once in that way."""
        under_way = sum(is_webhook == _is_webhook(notice) for notice, _ in self.flights.values())
        return (webhooks.AT_ONCE if is_webhook else couriers.AT_ONCE) - under_way

    def begin(self, notice: Notice) -> None:
        """Send it on its way."""
        way = self.webhooks if _is_webhook(notice) else self.couriers
        self.flights[way.send(notice)] = (notice, time.monotonic())


def _is_webhook(notice: Notice) -> bool:
    return notice.url.lower().startswith(("http://", "https://"))


def run(context: Context[Metrics]) -> None:
    """Give up what has expired; send all that is due, and what becomes due meanwhile; count what waits."""
    context.metrics.sent.labels("failed").inc(expire(context, "notification"))
    allowed, public_url = context.settings.probe_allow, context.settings.public_url
    with ExitStack() as stack:
        ways = Round(
            stack.enter_context(closing(Webhooks(allowed, public_url))),
            stack.enter_context(closing(Couriers(allowed, public_url))),
        )
        while not context.stopping.is_set() and _go_on(context, ways):
            pass
    _measure(context)


def _go_on(context: Context[Metrics], ways: Round) -> bool:
    """One turn: begin what is due, note what has ended. False once nothing is due and nothing under way."""
    for is_webhook in (True, False):
        if most := ways.free(is_webhook=is_webhook):
            for row in context.query(sql.claim_notifications, is_webhook=is_webhook, most=most, retry=LEASE):
                ways.begin(Notice(*row))
    if not ways.flights:
        return False
    for landed in wait(ways.flights, LOOK_SECONDS, FIRST_COMPLETED).done:
        notice, began = ways.flights.pop(landed)
        _note(context, notice, landed.result(), time.monotonic() - began)
    return True


def _note(context: Context[Metrics], notice: Notice, error: DeliveryError | None, seconds: float) -> None:
    verdict = judge(notice, error, context.clock(), random.random())  # noqa: S311  (no secret)
    record(context, notice, verdict)
    context.query(
        collecting.store_service_state,
        service=f"channel:{notice.channel}",
        is_up=error is None,
        latency_seconds=None if error else seconds,
        error=tell(error) if error else None,
    )
    context.metrics.sent.labels(verdict.outcome).inc()
    log.info(
        "notification_tried",
        outcome=verdict.outcome,
        message=notice.id,
        channel=notice.channel,
        tries=notice.attempts,
        error=verdict.error,
    )


def _measure(context: Context[Metrics]) -> None:
    waiting, oldest = count(context, "notification")
    context.metrics.waiting.set(waiting)
    context.metrics.oldest.set(oldest)
    context.metrics.up.clear()
    for channel, is_up in context.query(sql.read_channel_states):
        context.metrics.up.labels(channel).set(is_up)


JOB = Job(name="send_notifications", every=EVERY, grace=None, run=run, metrics=Metrics, woken_by="notifications")
