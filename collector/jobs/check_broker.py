"""Does the broker let us in, and how fast?"""

from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import CollectorRegistry, Gauge

from collector.broker import knock
from collector.errors import BrokerError
from collector.job import Context, Job
from sql import statements

EVERY = timedelta(seconds=10)
LIMIT_SECONDS = 3.0

sql = statements.load("collecting")


class Metrics:
    """What the last knock found."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.up = Gauge("watchhouse_broker_up", "Whether the broker let us in at the last try", registry=registry)
        self.latency = Gauge(
            "watchhouse_broker_latency_seconds", "Seconds from connecting to the broker's welcome", registry=registry
        )


@dataclass(frozen=True)
class Finding:
    """The broker at one try, in the words of the table `service_states`."""

    is_up: bool
    latency_seconds: float | None
    error: str | None


def find_out(url: str) -> Finding:
    """Knock once."""
    try:
        return Finding(is_up=True, latency_seconds=knock(url, LIMIT_SECONDS), error=None)
    except BrokerError as error:
        return Finding(is_up=False, latency_seconds=None, error=str(error))


def run(context: Context[Metrics]) -> None:
    """Knock, export, store."""
    finding = find_out(context.settings.mqtt_url or "")
    context.metrics.up.set(finding.is_up)
    context.metrics.latency.set(finding.latency_seconds or 0)
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
