"""How is this host just now? Kept in memory; `store_host` writes the minutes."""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge

from collector.host import Sample, read_host, sample_between
from collector.job import Context, Job

EVERY = timedelta(seconds=10)
MOST_SAMPLES = 60  # ten minutes, should nobody fetch them


class Metrics:
    """The host as it was at the last sample."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.cpu = Gauge("watchhouse_host_cpu_ratio", "Share of the processors' time in use", registry=registry)
        self.memory_used = Gauge("watchhouse_host_memory_used_bytes", "Memory that is not available", registry=registry)
        self.memory = Gauge("watchhouse_host_memory_ratio", "Share of memory that is not available", registry=registry)
        self.disk = Gauge("watchhouse_host_disk_ratio", "Share of the disk in use", registry=registry)
        self.load = Gauge("watchhouse_host_load1", "Load average over one minute", registry=registry)
        self.open_files = Gauge("watchhouse_host_open_files", "Open files of all processes", registry=registry)
        self.sent = Counter(
            "watchhouse_host_network_sent_bytes_total", "Bytes sent since this collector's start", registry=registry
        )
        self.received = Counter(
            "watchhouse_host_network_received_bytes_total",
            "Bytes received since this collector's start",
            registry=registry,
        )


def show(metrics: Metrics, sample: Sample) -> None:
    """Export a sample, in base units."""
    metrics.cpu.set(sample.cpu_percent / 100)
    metrics.memory_used.set(sample.memory_used)
    metrics.memory.set(sample.memory_percent / 100)
    metrics.disk.set(sample.disk_percent / 100)
    metrics.load.set(sample.load_1m)
    metrics.open_files.set(sample.open_files)
    metrics.sent.inc(sample.sent_bytes)
    metrics.received.inc(sample.received_bytes)


def run(context: Context[Metrics]) -> None:
    """Read the host; what happened since the reading before is a sample."""
    memory, settings = context.host, context.settings
    reading = read_host(settings.host_proc, settings.host_disk, context.clock())
    sample = sample_between(memory.last, reading)
    memory.last = reading
    memory.samples.append(sample)
    del memory.samples[:-MOST_SAMPLES]
    show(context.metrics, sample)


JOB = Job(name="sample_host", every=EVERY, grace=EVERY, run=run, metrics=Metrics, first_after=timedelta(seconds=1))
