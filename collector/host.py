"""The host in figures: read from its /proc and disk, differences between readings, means of minutes.

The reading is at the rim; the arithmetic is pure. Knows nothing of jobs or of the database.
"""

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean

import psutil

from collector.errors import CollectorError

MIB = 1024 * 1024


@dataclass(frozen=True)
class Reading:
    """What the host's counters said at a moment. Times and traffic count from its start; traffic is without `lo`."""

    at: datetime
    cpu_busy: float
    cpu_total: float
    sent_bytes: int
    received_bytes: int
    memory_used: int
    memory_total: int
    disk_percent: float
    load_1m: float
    open_files: int


@dataclass(frozen=True)
class Sample:
    """The host between two readings: what counts is a difference, the rest is as at the second."""

    at: datetime
    cpu_percent: float
    memory_used: int
    memory_percent: float
    disk_percent: float
    load_1m: float
    sent_bytes: int
    received_bytes: int
    open_files: int


@dataclass(frozen=True)
class Minute:
    """The mean of a minute's samples, in the words of the table `host_metrics`; traffic is the sum, MB are MiB."""

    at: datetime
    samples: int
    cpu_percent: float
    memory_mb: float
    memory_percent: float
    disk_percent: float
    load_1m: float
    network_sent_bytes: int
    network_received_bytes: int
    open_files: int


def sample_between(before: Reading, after: Reading) -> Sample:
    """What happened between two readings. A counter that went back was reset: nothing is known, nothing is counted."""
    elapsed = after.cpu_total - before.cpu_total
    busy = after.cpu_busy - before.cpu_busy
    return Sample(
        at=after.at,
        cpu_percent=min(max(100 * busy / elapsed, 0.0), 100.0) if elapsed > 0 else 0.0,
        memory_used=after.memory_used,
        memory_percent=100 * after.memory_used / after.memory_total,
        disk_percent=after.disk_percent,
        load_1m=after.load_1m,
        sent_bytes=max(after.sent_bytes - before.sent_bytes, 0),
        received_bytes=max(after.received_bytes - before.received_bytes, 0),
        open_files=after.open_files,
    )


def minutes_of(samples: Iterable[Sample]) -> list[Minute]:
    """The samples by minute, oldest first."""
    by_minute = defaultdict(list)
    for sample in samples:
        by_minute[sample.at.replace(second=0, microsecond=0)].append(sample)
    return [_mean(at, of_minute) for at, of_minute in sorted(by_minute.items())]


def _mean(at: datetime, samples: list[Sample]) -> Minute:
    return Minute(
        at=at,
        samples=len(samples),
        cpu_percent=fmean(sample.cpu_percent for sample in samples),
        memory_mb=fmean(sample.memory_used for sample in samples) / MIB,
        memory_percent=fmean(sample.memory_percent for sample in samples),
        disk_percent=fmean(sample.disk_percent for sample in samples),
        load_1m=fmean(sample.load_1m for sample in samples),
        network_sent_bytes=sum(sample.sent_bytes for sample in samples),
        network_received_bytes=sum(sample.received_bytes for sample in samples),
        open_files=samples[-1].open_files,
    )


def read_host(proc: Path, disk: Path, now: datetime) -> Reading:
    """The host whose /proc is `proc`, and the disk on which the folder `disk` is; raises CollectorError."""
    try:
        return _read(proc, disk, now)
    except OSError as error:
        raise CollectorError(f"HOST_PROC, HOST_DISK: cannot read {error.filename} ({error.strerror})") from None


def _read(proc: Path, disk: Path, now: datetime) -> Reading:
    psutil.PROCFS_PATH = str(proc)  # the library's only way to be told
    times, memory = psutil.cpu_times(), psutil.virtual_memory()
    total = sum(times) - times.guest - times.guest_nice  # which `user` and `nice` hold already
    sent, received = traffic(_read_devices(proc))
    return Reading(
        at=now,
        cpu_busy=total - times.idle - times.iowait,
        cpu_total=total,
        sent_bytes=sent,
        received_bytes=received,
        memory_used=memory.total - memory.available,
        memory_total=memory.total,
        disk_percent=psutil.disk_usage(str(disk)).percent,
        load_1m=os.getloadavg()[0],
        open_files=int((proc / "sys/fs/file-nr").read_text().split()[0]),
    )


def _read_devices(proc: Path) -> str:
    """Process 1's view of the network is the host's; ours may be a container's. Some hosts show us only our own."""
    try:
        return (proc / "1/net/dev").read_text()
    except OSError:
        return (proc / "net/dev").read_text()


def traffic(devices: str) -> tuple[int, int]:
    """Bytes sent and received by all network devices but `lo`, from the text of a /proc/net/dev."""
    sent = received = 0
    for line in devices.splitlines()[2:]:
        name, _, counts = line.partition(":")
        fields = counts.split()
        if name.strip() != "lo":
            received, sent = received + int(fields[0]), sent + int(fields[8])
    return sent, received
