"""What a scraper sees of endpoints and of how they are checked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from collector.probing.checks import Finished
from collector.probing.outcome import Attempt
from common.states import DEGRADED, MAJOR_OUTAGE, OPERATIONAL

PHASES = ("dns", "connect", "tls", "wait", "transfer")
OUTCOMES = (OPERATIONAL, DEGRADED, MAJOR_OUTAGE)
MISSED_REASONS = (
    "no_collector",
    "collector_died",
    "collector_stopped",
    "still_running",
    "no_place",
    "not_stored",
)
LATENESS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
DURATIONS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


@dataclass
class Seen:
    """An endpoint as this collector last saw it, and how often with which outcome."""

    name: str
    attempt: Attempt
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))


class EndpointFigures(Collector):
    """Series of endpoints, made when they are read: a check costs no more than to be remembered."""

    def __init__(self) -> None:
        self._seen: dict[int, Seen] = {}
        self._lock = Lock()

    def note(self, finished: Finished, attempt: Attempt) -> None:
        """Remember a check."""
        endpoint_id, name = finished.definition.endpoint_id, finished.definition.name
        with self._lock:
            seen = self._seen.get(endpoint_id)
            if seen is None:
                seen = self._seen[endpoint_id] = Seen(name, attempt)
            seen.name, seen.attempt = name, attempt
            seen.counts[attempt.outcome] += 1

    def keep(self, endpoint_ids: Iterable[int]) -> set[int]:
        """Forget all others; gives those."""
        with self._lock:
            gone = self._seen.keys() - set(endpoint_ids)
            for endpoint_id in gone:
                del self._seen[endpoint_id]
        return gone

    def collect(self) -> Iterator[Metric]:
        """The series, by the endpoints' names. Two that share one for a moment, since names moved, become one."""
        with self._lock:
            by_name = {seen.name: seen for seen in self._seen.values()}
            counts = {name: dict(seen.counts) for name, seen in by_name.items()}
        attempts = {name: seen.attempt for name, seen in by_name.items()}
        yield from (_up(attempts), _phases(attempts), _certificates(attempts), _counts(counts))

    def describe(self) -> Iterator[Metric]:
        """Names alone, so that registering it reads nothing."""
        return iter((_up({}), _phases({}), _certificates({}), _counts({})))


def _up(attempts: Mapping[str, Attempt]) -> Metric:
    family = GaugeMetricFamily(
        "watchhouse_endpoint_up", "Whether an endpoint's last check succeeded", labels=["endpoint"]
    )
    for name, attempt in attempts.items():
        family.add_metric([name], float(attempt.outcome != MAJOR_OUTAGE))
    return family


def _phases(attempts: Mapping[str, Attempt]) -> Metric:
    family = GaugeMetricFamily(
        "watchhouse_endpoint_phase_seconds", "Time of an endpoint's last check by phase", labels=["endpoint", "phase"]
    )
    for name, attempt in attempts.items():
        for phase in PHASES:
            took = getattr(attempt, f"{phase}_ms")
            if took is not None:
                family.add_metric([name, phase], took / 1000)
    return family


def _certificates(attempts: Mapping[str, Attempt]) -> Metric:
    family = GaugeMetricFamily(
        "watchhouse_endpoint_certificate_expiry_timestamp_seconds",
        "When an endpoint's certificate expires",
        labels=["endpoint"],
    )
    for name, attempt in attempts.items():
        if attempt.certificate_expires_at is not None:
            family.add_metric([name], attempt.certificate_expires_at.timestamp())
    return family


def _counts(counts: Mapping[str, Mapping[str, int]]) -> Metric:
    family = CounterMetricFamily(
        "watchhouse_endpoint_checks", "Checks of an endpoint by outcome", labels=["endpoint", "outcome"]
    )
    for name, by_outcome in counts.items():
        for outcome, count in by_outcome.items():
            family.add_metric([name, outcome], count)
    return family


class ProbeMetrics:
    """How checks fare as such."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.endpoints = EndpointFigures()
        registry.register(self.endpoints)
        self.lateness = Histogram(
            "watchhouse_check_lateness_seconds",
            "How long after its slot a check began; those of slots that were taken late apart",
            buckets=LATENESS,
            registry=registry,
        )
        self.duration = Histogram(
            "watchhouse_check_duration_seconds",
            "Duration of a check's last attempt",
            buckets=DURATIONS,
            registry=registry,
        )
        self.waiting = Gauge("watchhouse_checks_waiting", "Checks whose results are not stored yet", registry=registry)
        self.dropped = Counter(
            "watchhouse_checks_dropped",
            "Results not stored: too many waited, another collector had the slot, or they cannot be written",
            ["reason"],
            registry=registry,
        )
        self.missed = Counter(
            "watchhouse_slots_missed", "Slots without a result that this collector noted", ["reason"], registry=registry
        )
        for reason in ("overflow", "refused", "unwritable"):
            self.dropped.labels(reason)
        for reason in MISSED_REASONS:
            self.missed.labels(reason)

    def note(self, finished: Finished) -> None:
        """Count a check that is done."""
        if finished.attempt is None:
            self.missed.labels("no_place").inc()
            return
        self.endpoints.note(finished, finished.attempt)
        self.duration.observe(finished.attempt.duration_ms / 1000)
        if not finished.is_asked and not finished.is_late:
            self.lateness.observe(max(0.0, (finished.started_at - finished.slot).total_seconds()))
