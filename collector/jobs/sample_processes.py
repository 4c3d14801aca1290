"""What do our own processes on this host use?"""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Gauge

from collector.figures.counters import Counters
from collector.figures.processes import KINDS, MIB, Usage, read_processes, usage_of
from collector.job import Context, Job

EVERY = timedelta(seconds=10)


class Metrics:
    """What each kind of process used at the last sample."""

    def __init__(self, registry: CollectorRegistry) -> None:
        kind = ["process"]
        self.processes = Gauge("watchhouse_processes", "Our processes on this host", kind, registry=registry)
        self.cpu = Gauge(
            "watchhouse_process_cpu_ratio", "Processors in use by our processes of a kind", kind, registry=registry
        )
        self.memory = Gauge(
            "watchhouse_process_memory_bytes",
            "Memory of our processes of a kind, what they share counted once",
            kind,
            registry=registry,
        )
        self.open_files = Gauge(
            "watchhouse_process_open_files", "Open files of our processes of a kind", kind, registry=registry
        )


def show(metrics: Metrics, usage: dict[str, Usage]) -> None:
    """Export it; a kind of which none runs is told as none."""
    for kind in KINDS:
        used = usage.get(kind, Usage(0, 0.0, 0.0, 0, 0))
        metrics.processes.labels(kind).set(used.processes)
        metrics.cpu.labels(kind).set((used.cpu_percent or 0) / 100)
        metrics.memory.labels(kind).set(used.memory_mb * MIB)
        metrics.open_files.labels(kind).set(used.open_files or 0)


def run(context: Context[Metrics]) -> None:
    """Read our processes; what each used of the processors since the reading before is a sample."""
    settings, now = context.settings, context.clock()
    processes = read_processes(settings.host_proc, settings.data)
    growth = context.figures.grow(
        "processes", Counters(now, {process.name: process.cpu_seconds for process in processes})
    )
    usage = usage_of(processes, growth)
    for kind, used in usage.items():
        context.figures.note(now, f"process:{kind}@{settings.name}", used.figures())
    show(context.metrics, usage)


JOB = Job(name="sample_processes", every=EVERY, grace=EVERY, run=run, metrics=Metrics)
