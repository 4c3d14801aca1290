"""Measures everything once and stores it, with the very jobs that the daemon runs: a command's share of its work."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from threading import Event
from typing import Any

import click
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from collector.commands.starting import open_database
from collector.errors import CollectorError
from collector.figures.memory import Minute
from collector.host import read_host
from collector.job import Context, HostMemory, Job
from collector.jobs import (
    check_broker,
    count_requests,
    sample_database,
    sample_host,
    sample_processes,
    store_figures,
    store_host,
)
from collector.settings import Settings
from common.clock import utc_now

BETWEEN_READINGS = 1.0
COUNTING: tuple[Job[Any], ...] = (sample_processes.JOB, sample_database.JOB, check_broker.JOB)  # need two readings
ONCE: tuple[Job[Any], ...] = (sample_host.JOB, count_requests.JOB)


@dataclass
class Collected:
    """What was measured and stored, and what could not be measured: the job, and why."""

    host: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, minutes: list[Minute]) -> None:
        """Tell the figures of these minutes, by subject."""
        for minute in minutes:
            for (subject, figure), value in minute.means.items():
                self.figures.setdefault(subject, {})[figure] = value


def collect_now(settings: Settings) -> dict[str, Any]:
    """What was measured and stored, and what failed."""
    with open_database(settings) as engine:
        try:
            collected = collect(settings, engine)
        except CollectorError as error:
            raise click.ClickException(str(error)) from None
    return {"host": settings.name, **collected.host, "figures": collected.figures, "failed": collected.failed}


def collect(settings: Settings, engine: Engine) -> Collected:
    """Measure over one second, and store; raises CollectorError when the host cannot be read."""
    now = utc_now()
    context: Context[Any] = Context(
        settings=settings,
        engine=engine,
        host=HostMemory(last=read_host(settings.host_proc, settings.host_disk, now)),
        metrics=None,
        started_at=now,
        stopping=Event(),
    )
    collected = Collected()
    _run(context, COUNTING, collected)
    time.sleep(BETWEEN_READINGS)
    _run(context, (*COUNTING, *ONCE), collected)
    _store(context, collected)
    return collected


def _run(context: Context[Any], jobs: tuple[Job[Any], ...], collected: Collected) -> None:
    for job in jobs:
        if job.is_wanted(context.settings):
            try:
                _with_metrics(context, job, job.run)
            except CollectorError as error:
                collected.failed[job.name] = str(error)


def _store(context: Context[Any], collected: Collected) -> None:
    """As the daemon stores what is left when it stops."""
    end = utc_now()
    store_host.close_minutes(context.host, end)
    context.figures.close(end)
    for minute in context.host.minutes:
        collected.host = {**asdict(minute), "at": minute.at.isoformat()}
    collected.add(context.figures.minutes)
    for job, store in ((store_host.JOB, store_host.store_rest), (store_figures.JOB, store_figures.store_rest)):
        _with_metrics(context, job, store)


def _with_metrics(context: Context[Any], job: Job[Any], run: Callable[[Context[Any]], None]) -> None:
    run(replace(context, metrics=job.metrics(CollectorRegistry())))


def lines_of(told: Any, indent: str = "") -> Iterator[str]:
    """A line a value; what belongs together stands indented beneath its name."""
    for name, value in told.items():
        if isinstance(value, dict):
            yield f"{indent}{name}"
            yield from lines_of(value, indent + "  ")
        elif isinstance(value, list):
            yield f"{indent}{name:{28 - len(indent)}} {len(value)}"
            yield from (f"{indent}  {written(one)}" for one in value)
        else:
            yield f"{indent}{name:{28 - len(indent)}} {f'{value:,.2f}' if isinstance(value, float) else value}"


def written(one: Any) -> str:
    """An answer of an endpoint, or the name of a rule."""
    return f"{one['name']:26} {one['outcome']}" if isinstance(one, dict) else str(one)
