"""The daemon from start to stop, as a list of steps. Each stops within a limit."""

import gc
import os
import signal
from threading import Event, Thread

import structlog
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from collector.errors import CollectorError
from collector.fleet.fleet import Fleet
from collector.host import read_host
from collector.job import Context, HostMemory
from collector.jobs import JOBS
from collector.probing.prober import Prober
from collector.running import Runner
from collector.scheduling import Calls, Waker, start_scheduler
from collector.settings import Settings
from collector.web import Server
from common.asking import Listener
from common.clock import utc_now
from sql.engine import make_engine

CONNECTIONS = 6  # jobs hold one only for a statement, or for a batch of the journal
STATEMENT_SECONDS = 60  # cleaning up after a long absence takes its time
RUNS_SECONDS = 3.0
GARBAGE = (50_000, 20, 1000)  # checks leave no cycles: looking for some at every 700 objects took a third of their time
LAST_SECONDS = 1.5

log = structlog.get_logger()


def run_daemon(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; raises CollectorError when it cannot start, or cannot go on."""
    gc.set_threshold(*GARBAGE)
    stopping = stop_on_signals()
    registry = make_registry()
    context = make_context(settings, stopping)
    runner = Runner(context, JOBS, registry)
    server = open_port(settings, registry, runner)
    prober = Prober(settings, registry, on_death=stopping.set)
    fleet = Fleet(settings, registry, stopping.set, context.fleet) if settings.mqtt_url else None
    calls = {**prober.calls, **(fleet.calls if fleet else {})}
    waker = Waker(runner, make_listener(settings, runner, calls), stopping, calls)
    scheduler = start_scheduler(runner)
    waker.start()
    server.start()
    prober.start()
    if fleet:
        fleet.start()
    say_how_it_runs(settings, runner)
    stopping.wait()
    log.info("collector_stopping")
    scheduler.shutdown(wait=False)
    waker.stop()
    end(runner, prober, fleet)
    if prober.has_died or (fleet and fleet.has_died):
        raise CollectorError("a part of us ended by a fault of ours; the log has it")


def say_how_it_runs(settings: Settings, runner: Runner) -> None:
    """What an operator should know before the first figure."""
    log.info("collector_started", name=settings.name, port=settings.port, jobs=[job.name for job in runner.jobs])
    if settings.is_demo:
        log.warning("collector_runs_a_demo")
    if settings.mail_server is None:
        log.warning("mail_has_no_server", goes_to="mailbox" if settings.is_demo else "nobody: it waits")


def stop_on_signals() -> Event:
    """An event that SIGTERM and SIGINT set."""
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def make_registry() -> CollectorRegistry:
    """A registry with this process's own figures."""
    disable_created_metrics()
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def make_context(settings: Settings, stopping: Event) -> Context[None]:
    """What jobs share. The first reading of the host is what the first sample is measured from."""
    now = utc_now()
    return Context(
        settings=settings,
        engine=make_engine(
            settings.database_url, process="collector", pool_size=CONNECTIONS, statement_seconds=STATEMENT_SECONDS
        ),
        host=HostMemory(last=read_host(settings.host_proc, settings.host_disk, now)),
        metrics=None,
        started_at=now,
        stopping=stopping,
    )


def open_port(settings: Settings, registry: CollectorRegistry, runner: Runner) -> Server:
    """Listen, or say which setting is to blame."""
    try:
        return Server(settings, registry, runner)
    except OSError as error:
        raise CollectorError(
            f"COLLECTOR_HOST, COLLECTOR_PORT: cannot listen on {settings.host} port {settings.port} ({error.strerror})"
        ) from None


def make_listener(settings: Settings, runner: Runner, calls: Calls) -> Listener:
    """A listener on the channels that wake jobs, and on those of `calls`."""
    channels = {job.woken_by for job in runner.jobs if job.woken_by is not None} | calls.keys()
    return Listener(settings.database_url, channels, process="collector")


def end(runner: Runner, prober: Prober, fleet: Fleet | None) -> None:
    """Give running jobs and probes a moment and store what is left. What hangs then is cut: claims outlive us."""
    parts = [Thread(target=part.stop, daemon=True) for part in (prober, fleet) if part]
    for part in parts:
        part.start()
    is_idle = runner.wait_until_idle(RUNS_SECONDS)
    last = Thread(target=runner.run_last, daemon=True)
    last.start()
    last.join(LAST_SECONDS)
    for part in parts:
        part.join(LAST_SECONDS)
    log.info("collector_stopped", is_clean=is_idle and not last.is_alive())
    if not is_idle:
        has_died = prober.has_died or (fleet is not None and fleet.has_died)
        os._exit(int(has_died))  # the interpreter would wait for the scheduler's threads, however long they take
