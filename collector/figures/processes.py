"""Our own processes on this host: which they are, and what they use. The reading is at the rim; the rest is pure."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from collector.figures.counters import Growth

MIB = 1024 * 1024
KINDS = ("auth", "collector", "generator", "standalone")


@dataclass(frozen=True)
class Process:
    """A process of ours as it was read. `name` is its own among all that ever ran; files are None where hidden."""

    name: str
    kind: str
    cpu_seconds: float
    memory_bytes: int
    threads: int
    open_files: int | None


@dataclass(frozen=True)
class Usage:
    """What all processes of a kind use together; 100 percent is one processor."""

    processes: int
    cpu_percent: float | None
    memory_mb: float
    threads: int
    open_files: int | None

    def figures(self) -> dict[str, float]:
        """The figures by name, without those that are not known."""
        return {name: float(value) for name, value in vars(self).items() if value is not None}


def kind_of(command: Sequence[str]) -> str | None:
    """Which of our processes runs by this command line, if any. One-off commands do not count."""
    for position, word in enumerate(command[:-1]):
        if word == "-m":
            return _kind_of_module(command[position + 1], command[position + 2 :])
    return None


def _kind_of_module(module: str, rest: Sequence[str]) -> str | None:
    if module == "gunicorn":
        return "auth" if "auth.wsgi:app" in rest else None
    if module in ("auth", "collector"):
        return module if rest[:1] == ["run"] else None
    return module if module in KINDS else None


def usage_of(processes: Iterable[Process], growth: Growth) -> dict[str, Usage]:
    """What each kind uses, given how much the processes' own seconds of a processor grew."""
    by_kind: dict[str, list[Process]] = {}
    for process in processes:
        by_kind.setdefault(process.kind, []).append(process)
    return {kind: _add_up(members, growth) for kind, members in by_kind.items()}


def _add_up(members: list[Process], growth: Growth) -> Usage:
    files = [member.open_files for member in members if member.open_files is not None]
    busy = sum(growth.by_name.get(member.name, 0.0) for member in members)
    return Usage(
        processes=len(members),
        cpu_percent=100 * busy / growth.seconds if growth.seconds else None,
        memory_mb=sum(member.memory_bytes for member in members) / MIB,
        threads=sum(member.threads for member in members),
        open_files=sum(files) if files else None,
    )


def read_processes(proc: Path, data: Path) -> list[Process]:
    """Our processes under `proc` that work on the folder `data`, as far as that can be seen."""
    psutil.PROCFS_PATH = str(proc)  # the library's only way to be told
    found = (_read(process, data) for process in psutil.process_iter())
    return [process for process in found if process is not None]


def _read(process: psutil.Process, data: Path) -> Process | None:
    """None for a process that is not ours, or has just ended."""
    try:
        kind = kind_of(process.cmdline())
        if kind is None or not _may_work_on(process, data):
            return None
        with process.oneshot():
            times = process.cpu_times()
            return Process(
                name=f"{process.pid} {process.create_time()}",
                kind=kind,
                cpu_seconds=times.user + times.system,
                memory_bytes=_memory_of(process),
                threads=process.num_threads(),
                open_files=_files_of(process),
            )
    except psutil.Error:
        return None


def _may_work_on(process: psutil.Process, data: Path) -> bool:
    """False for a process of another house on this host. A process of somebody else's hides where it works."""
    try:
        environment: Mapping[str, str] = process.environ()
        folder = Path(environment.get("WATCHHOUSE_DATA") or "data")
        return Path(process.cwd(), folder) == data
    except (psutil.AccessDenied, OSError):
        return True


def _memory_of(process: psutil.Process) -> int:
    """Its own memory and its part of what it shares, since workers share most with their master."""
    with suppress(psutil.AccessDenied):
        return int(process.memory_full_info().pss)
    return int(process.memory_info().rss)


def _files_of(process: psutil.Process) -> int | None:
    with suppress(psutil.AccessDenied):
        return process.num_fds()
    return None
