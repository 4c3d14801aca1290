"""Runs jobs: the rim at which every run is timed, counted and its failure caught. Knows not what a job does."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Condition
from typing import Any, Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from collector.job import Context, Job, Slots
from collector.slots import finished_at, latest_slot, run_in_slot
from sql.errors import translate

Outcome = Literal["succeeded", "failed", "skipped"]  # skipped: another collector did this slot

DURATIONS = (0.005, 0.02, 0.1, 0.5, 2, 10, 60)

log = structlog.get_logger()


@dataclass(frozen=True)
class State:
    """How a job has fared: its last outcome, and when it last succeeded."""

    outcome: Outcome
    succeeded_at: datetime | None


class RunMetrics:
    """What is counted of every job."""

    def __init__(self, registry: CollectorRegistry, jobs: Iterable[str]) -> None:
        self.runs = Counter(
            "watchhouse_job_runs_total", "Runs of a job by outcome", ["job", "outcome"], registry=registry
        )
        self.seconds = Histogram(
            "watchhouse_job_duration_seconds", "Duration of a job's runs", ["job"], buckets=DURATIONS, registry=registry
        )
        self.succeeded = Gauge(
            "watchhouse_job_last_success_timestamp_seconds", "When a job last succeeded", ["job"], registry=registry
        )
        for job in jobs:
            for outcome in ("succeeded", "failed"):
                self.runs.labels(job, outcome)


class Runner:
    """Runs jobs of one context; may be called from many threads."""

    def __init__(self, context: Context[None], jobs: Iterable[Job[Any]], registry: CollectorRegistry) -> None:
        self.jobs = tuple(job for job in jobs if job.is_wanted(context.settings))
        self._contexts: dict[str, Context[Any]] = {
            job.name: replace(context, metrics=job.metrics(registry)) for job in self.jobs
        }
        self._metrics = RunMetrics(registry, self._contexts)
        self._states: dict[str, State] = {}
        self._done_slots: dict[str, datetime] = {}
        self._running = 0
        self._changed = Condition()

    @property
    def states(self) -> Mapping[str, State]:
        """The state of each job that has run."""
        return dict(self._states)

    def run(self, job: Job[Any]) -> None:
        """One run. It never raises: a failure is counted, logged when it is new, and the next run comes."""
        began = time.perf_counter()
        with self._counted():
            outcome = self._attempt(job)
        if outcome is not None:
            self._metrics.runs.labels(job.name, outcome).inc()
            self._metrics.seconds.labels(job.name).observe(time.perf_counter() - began)

    def run_last(self) -> None:
        """What some jobs want done once more before the end."""
        for job in self.jobs:
            if job.at_stop is not None:
                self.run(replace(job, run=job.at_stop))

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether all runs ended within `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, seconds)

    def _attempt(self, job: Job[Any]) -> Outcome | None:
        try:
            return self._run_for_slot(job, job.slots) if job.slots else self._run_now(job)
        except Exception as error:  # noqa: BLE001  the rim: whatever a job raises, the daemon goes on
            self._note_failure(job.name, error)
            return "failed"

    def _run_now(self, job: Job[Any]) -> Outcome:
        context = self._contexts[job.name]
        job.run(context)
        self._note_success(job.name, context.clock())
        return "succeeded"

    def _run_for_slot(self, job: Job[Any], slots: Slots) -> Outcome | None:
        """None when there was nothing to do: the slot was known to be done, or is being done elsewhere."""
        context = self._contexts[job.name]
        slot = latest_slot(slots, context.clock())
        if self._done_slots.get(job.name) == slot:
            return None
        ran = run_in_slot(context, job.name, slot, slots.lease, lambda: job.run(context))
        finished = context.clock() if ran else finished_at(context, job.name, slot)
        if finished is None:
            return None
        self._done_slots[job.name] = slot
        self._note_success(job.name, finished)
        return "succeeded" if ran else "skipped"

    def _note_success(self, job: str, at: datetime) -> None:
        before = self._states.get(job)
        self._states[job] = State("succeeded", at)
        self._metrics.succeeded.labels(job).set(at.timestamp())
        if before is not None and before.outcome == "failed":
            log.info("job_recovered", job=job)

    def _note_failure(self, job: str, error: Exception) -> None:
        """Logged when it begins, with its trace unless it is the database that is away; not again while it lasts."""
        before = self._states.get(job)
        self._states[job] = State("failed", before.succeeded_at if before else None)
        if before is None or before.outcome != "failed":
            known = translate(error)
            log.error("job_failed", job=job, error=repr(known or error), exc_info=error if known is None else None)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        with self._changed:
            self._running += step
            self._changed.notify_all()
