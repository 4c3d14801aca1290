"""What is counted of commands: by name and outcome, never by device."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from common.lock_protocol.commands import LIFE_SECONDS

OUTCOMES = ("acknowledged", "failed", "rejected", "expired", "late")  # late: done after it had expired
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, and how many seconds after it was asked for."""

    command: str
    outcome: str
    seconds: float


class CommandMetrics:
    """Commands as they are sent and end."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.ended = Counter(
            "watchhouse_fleet_commands_total", "Commands by how they ended", ["command", "outcome"], registry=registry
        )
        self.seconds = Histogram(
            "watchhouse_fleet_command_seconds",
            "Seconds from asking for a command to its end",
            ["command"],
            buckets=SECONDS,
            registry=registry,
        )
        self.sending_seconds = Histogram(
            "watchhouse_fleet_command_sending_seconds",
            "Seconds from asking for a command to its first sending",
            ["command"],
            buckets=SECONDS,
            registry=registry,
        )
        self.repeats = Counter(
            "watchhouse_fleet_command_repeats_total",
            "Commands sent again for want of an answer",
            ["command"],
            registry=registry,
        )
        self.unsent = Counter(
            "watchhouse_fleet_commands_unsent_total",
            "Commands that the link did not take when they were due",
            registry=registry,
        )
        self.ignored = Counter(
            "watchhouse_fleet_answers_ignored_total",
            "Answers to commands that their lock was never sent",
            registry=registry,
        )
        self.queued = Gauge("watchhouse_fleet_commands_queued", "Commands that wait to be sent", registry=registry)
        self.unanswered = Gauge(
            "watchhouse_fleet_commands_unanswered", "Commands that are sent and not ended", registry=registry
        )
        for command in LIFE_SECONDS:
            for outcome in OUTCOMES:
                self.ended.labels(command, outcome)

    def note(self, outcomes: Iterable[Outcome], ignored: int = 0) -> None:
        """Count ends, once they are committed."""
        for found in outcomes:
            self.ended.labels(found.command, found.outcome).inc()
            self.seconds.labels(found.command).observe(found.seconds)
        self.ignored.inc(ignored)


@cache
def command_metrics(registry: CollectorRegistry) -> CommandMetrics:
    """The one object of a registry: the link's thread counts answers and a job the expired ones, in the same series."""
    return CommandMetrics(registry)
