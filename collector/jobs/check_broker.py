"""Does the broker let us in, how fast, and what does it say of itself?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge

from collector.broker import knock
from collector.errors import BrokerError
from collector.figures.counters import Counters
from collector.job import Context, Job
from sql import statements

EVERY = timedelta(seconds=10)
LIMIT_SECONDS = 3.0
LEVELS = ("clients", "uptime_seconds")  # the rest of what it says counts

sql = statements.load("collecting")


class Metrics:
    """What the last knock found."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.up = Gauge("watchhouse_broker_up", "Whether the broker let us in at the last try", registry=registry)
        self.latency = Gauge(
            "watchhouse_broker_latency_seconds", "Seconds from connecting to the broker's welcome", registry=registry
        )
        self.clients = Gauge("watchhouse_broker_clients", "Clients connected to the broker", registry=registry)
        self.uptime = Gauge("watchhouse_broker_uptime_seconds", "Seconds the broker has run", registry=registry)
        self.counted = {
            name: Counter(
                f"watchhouse_broker_{name}_total",
                f"{name.replace('_', ' ').capitalize()} by the broker since this collector's start",
                registry=registry,
            )
            for name in ("messages_received", "messages_sent", "bytes_received", "bytes_sent")
        }


@dataclass(frozen=True)
class Finding:
    """The broker at one try, in the words of the table `service_states`."""

    is_up: bool
    latency_seconds: float | None
    error: str | None
    figures: Mapping[str, float] = field(default_factory=dict)


def find_out(url: str) -> Finding:
    """Knock once."""
    try:
        latency_seconds, figures = knock(url, LIMIT_SECONDS)
        return Finding(is_up=True, latency_seconds=latency_seconds, error=None, figures=figures)
    except BrokerError as error:
        return Finding(is_up=False, latency_seconds=None, error=str(error))


def note(context: Context[Metrics], finding: Finding) -> None:
    """What a broker that is up says of itself, exported, and kept for its minute.

    Mosquitto forgets after a minute what it said of a level that stays as it is: the last one heard holds.
    """
    now = context.clock()
    told = {name: value for name, value in finding.figures.items() if name in LEVELS}
    levels = context.figures.hold("broker", told)
    counted = {name: value for name, value in finding.figures.items() if name not in LEVELS}
    growth = context.figures.grow("broker", Counters(now, counted))
    for name, grown in growth.by_name.items():
        context.metrics.counted[name].inc(grown)
    context.metrics.clients.set(levels.get("clients", 0))
    context.metrics.uptime.set(levels.get("uptime_seconds", 0))
    rates = {f"{name}_per_minute": rate for name, rate in growth.per_minute().items()}
    context.figures.note(now, "broker", {"latency_ms": 1000 * (finding.latency_seconds or 0), **levels, **rates})


def run(context: Context[Metrics]) -> None:
    """Knock, export, note, store."""
    finding = find_out(context.settings.mqtt_url or "")
    context.metrics.up.set(finding.is_up)
    context.metrics.latency.set(finding.latency_seconds or 0)
    if finding.is_up:
        note(context, finding)
    context.query(
        sql.store_service_state,
        service="broker",
        is_up=finding.is_up,
        latency_seconds=finding.latency_seconds,
        error=finding.error,
    )


JOB = Job(
    name="check_broker",
    every=EVERY,
    grace=EVERY,
    run=run,
    metrics=Metrics,
    is_wanted=lambda settings: bool(settings.mqtt_url),
)
