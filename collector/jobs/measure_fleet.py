"""How does the fleet do? Locks by state, batteries, silence, security alerts: counted in the database, at once.

No series of a single lock: there may be ten thousand.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.alerting.rules import SECURITY_NAMES
from collector.job import Context, Job
from sql import statements

EVERY = timedelta(seconds=15)
STATES = ("online", "offline", "locked", "unlocked", "jammed", "battery_low", "inactive")
REPORTED = ("tamper", "forced", "jam", "forged_command", "qr_reused", "audit_broken")  # alerts that no rule opens
KINDS = tuple(dict.fromkeys((*SECURITY_NAMES, *REPORTED)))
BATTERIES = (5, 10, 20, 25, 40, 60, 80, 100)
AGES = (15.0, 30.0, 60.0, 90.0, 300.0, 3600.0, 86_400.0, 604_800.0)

sql = statements.load("fleet_figures")


@dataclass(frozen=True, slots=True)
class Spread:
    """How many locks lie within each bound, all of them, and their sum."""

    within: Sequence[float]
    total: int
    sum: float


def spread_of(counts: Mapping[str, int], bounds: Sequence[float], total: int, amount: float) -> Spread:
    """From how many lie between each two bounds: 0 below the first."""
    return Spread(list(accumulate(counts.get(str(place), 0) for place in range(len(bounds)))), total, amount)


class Histogram(Collector):
    """A distribution as it is now: what prometheus_client's own counts, and never takes away, would not tell."""

    def __init__(self, registry: CollectorRegistry, name: str, text: str, bounds: Sequence[float]) -> None:
        self._name, self._text, self._bounds = name, text, bounds
        self.shown = Spread([0] * len(bounds), 0, 0)
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """For a scrape."""
        bounds, numbers = [*map(str, self._bounds), "+Inf"], [*self.shown.within, self.shown.total]
        buckets = [(bound, float(number)) for bound, number in zip(bounds, numbers, strict=True)]
        yield HistogramMetricFamily(self._name, self._text, buckets=buckets, sum_value=self.shown.sum)


class Metrics:
    """The fleet as it was at the last look."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.locks = Gauge(
            "watchhouse_locks", "Locks in each state; one may be in several", ["state"], registry=registry
        )
        self.battery = Histogram(
            registry,
            "watchhouse_locks_battery_ratio",
            "Battery of each lock that told it, as it is now",
            [percent / 100 for percent in BATTERIES],
        )
        self.age = Histogram(
            registry, "watchhouse_locks_silence_seconds", "Seconds since each lock was heard, as it is now", AGES
        )
        self.alerts = Gauge(
            "watchhouse_security_alerts_open", "Security alerts that are open, by kind", ["kind"], registry=registry
        )
        self.dead_letters = Gauge(
            "watchhouse_dead_letters_recent",
            "Messages of the fleet within an hour that could not be read",
            registry=registry,
        )
        for state in STATES:
            self.locks.labels(state)
        for kind in KINDS:
            self.alerts.labels(kind)


def run(context: Context[Metrics]) -> None:
    """Count, and show."""
    [row] = context.query(sql.measure_fleet, batteries=list(BATTERIES), ages=list(AGES))
    states, batteries, battery_count, battery_sum, ages, age_count, age_sum, alerts, dead_letters = row
    metrics = context.metrics
    for state in STATES:
        metrics.locks.labels(state).set(states[state])
    for kind in KINDS:
        metrics.alerts.labels(kind).set(alerts.get(kind, 0))
    metrics.battery.shown = spread_of(batteries, BATTERIES, battery_count, battery_sum / 100)
    metrics.age.shown = spread_of(ages, AGES, age_count, age_sum)
    metrics.dead_letters.set(dead_letters)


JOB = Job(name="measure_fleet", every=EVERY, grace=EVERY, on_the_clock=True, run=run, metrics=Metrics)
