"""The one shape of all jobs, and what a job is given. Knows no job."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any, Generic, TypeVar

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from collector.figures.memory import FigureMemory
from collector.fleet.memory import FleetMemory
from collector.host import Minute, Reading, Sample
from collector.ingest.memory import JournalMemory
from collector.settings import Settings
from common.clock import Clock, utc_now
from sql.engine import run_once
from sql.statements import Row, Statement

Metrics = TypeVar("Metrics")

ZERO = timedelta(0)


@dataclass
class HostMemory:
    """What is known of the host and not stored yet: bounded, so that a database away for days costs no memory."""

    last: Reading
    samples: list[Sample] = field(default_factory=list)
    minutes: list[Minute] = field(default_factory=list)


@dataclass(frozen=True)
class Context(Generic[Metrics]):
    """All that a job may use; `metrics` are its own. `stopping` is set when a long job should come to an end."""

    settings: Settings
    engine: Engine
    host: HostMemory
    metrics: Metrics
    started_at: datetime
    stopping: Event
    clock: Clock = utc_now
    figures: FigureMemory = field(default_factory=FigureMemory)
    journal: JournalMemory = field(default_factory=JournalMemory)
    fleet: FleetMemory = field(default_factory=FleetMemory)

    def query(self, statement: Statement, **values: Any) -> list[Row]:
        """Run a named statement as a transaction of its own."""
        return run_once(self.engine, statement, **values)


@dataclass(frozen=True, kw_only=True)
class Slots:
    """A job that runs once for each slot, over all collectors: slots begin `every` from midnight UTC plus `offset`.

    A claim holds for `lease`: longer than a run may take, since another collector takes the slot over after it.
    """

    every: timedelta
    lease: timedelta
    offset: timedelta = ZERO


def no_metrics(_: CollectorRegistry) -> None:
    """For a job whose runs are its only figures; those are counted for every job."""


def always(_: Settings) -> bool:
    """For a job that is wanted whatever the settings say."""
    return True


@dataclass(frozen=True, kw_only=True)
class Job(Generic[Metrics]):
    """A periodic duty. With `slots`, `every` is only how often it is looked whether a slot is to be done."""

    name: str
    every: timedelta
    grace: timedelta | None  # how late a run may begin; None: it is never too late
    run: Callable[[Context[Metrics]], None]
    metrics: Callable[[CollectorRegistry], Metrics]
    first_after: timedelta = ZERO
    on_the_clock: bool = False  # at whole multiples of `every`, not counted from the start
    slots: Slots | None = None
    woken_by: str | None = None  # a channel: run when it is notified, and every `every` besides
    is_wanted: Callable[[Settings], bool] = always
    at_stop: Callable[[Context[Metrics]], None] | None = None
