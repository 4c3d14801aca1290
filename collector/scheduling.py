"""When jobs run: by the clock (APScheduler), or woken by the database. Knows jobs only by their shape."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from collector.job import Job
from collector.running import Runner
from collector.slots import EPOCH
from common.asking import Listener
from common.clock import utc_now

LISTEN_SECONDS = 30.0

Calls = Mapping[str, Callable[[], None]]


def start_scheduler(runner: Runner) -> BackgroundScheduler:
    """Start running the jobs that only the clock calls."""
    jobs = [job for job in runner.jobs if job.woken_by is None]
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(len(jobs))},  # a slow job never keeps another waiting
        job_defaults={"coalesce": True, "max_instances": 1},
    )
    for job in jobs:
        scheduler.add_job(
            runner.run,
            _trigger(job),
            args=[job],
            id=job.name,
            next_run_time=_first_run(job, utc_now()),
            misfire_grace_time=None if job.grace is None else int(job.grace.total_seconds()),
        )
    scheduler.start()
    return scheduler


def _trigger(job: Job[Any]) -> IntervalTrigger:
    start = EPOCH if job.on_the_clock else utc_now()
    return IntervalTrigger(seconds=int(job.every.total_seconds()), start_date=start, timezone=UTC)


def _first_run(job: Job[Any], now: datetime) -> datetime:
    if job.on_the_clock:
        return EPOCH + ((now - EPOCH) // job.every + 1) * job.every
    return now + job.first_after


class Waker:
    """Runs the jobs that the database wakes: at a NOTIFY on their channel, and every so often without one.

    A NOTIFY on a channel of `calls` is passed on, too.

    One thread listens, one for each job runs it: a NOTIFY during a run leads to another run after it, none is lost.
    """

    def __init__(self, runner: Runner, listener: Listener, stopping: Event, calls: Calls) -> None:
        self._runner = runner
        self._listener = listener
        self._stopping = stopping
        self._others = calls
        self._calls = {job.name: Event() for job in runner.jobs if job.woken_by is not None}

    def start(self) -> None:
        """Start the threads; they end with the process, or soon after `stop`."""
        Thread(target=self._listen, name="listener", daemon=True).start()
        for job in self._runner.jobs:
            if job.woken_by is not None:
                Thread(target=self._run, args=[job], name=job.name, daemon=True).start()

    def stop(self) -> None:
        """Wake everybody; `stopping` is set already."""
        self._listener.stop()
        for call in self._calls.values():
            call.set()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            heard = self._listener.wait(LISTEN_SECONDS)
            for job in self._runner.jobs:
                if job.woken_by in heard:
                    self._calls[job.name].set()
            for channel in heard & self._others.keys():
                self._others[channel]()

    def _run(self, job: Job[Any]) -> None:
        call = self._calls[job.name]
        while not self._stopping.is_set():
            self._runner.run(job)
            call.wait(job.every.total_seconds())
            call.clear()
