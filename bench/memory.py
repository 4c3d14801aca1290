"""What the whole idle house holds of memory: the proportional set size of every process of `make run`."""

import threading
from pathlib import Path

import psutil

from bench.report import Figure, at_most
from tests.support.platform import run_platform

IDLE_SECONDS = 20.0
MONITORS = ("prometheus", "alertmanager", "postgres_exporter")  # Debian's names all begin with the first


def measure(folder: Path) -> list[Figure]:
    """Megabytes of all processes with PostgreSQL and broker, Prometheus and its companions apart."""
    with run_platform(folder, GENERATOR="off") as house:
        threading.Event().wait(IDLE_SECONDS)
        sizes = _sizes(house.pid)
    for name, size in sorted(sizes.items(), key=lambda entry: -entry[1]):
        print(f"     {size:7.1f} MB  {name}")
    return [at_most("idle in all, with PostgreSQL and broker", sum(sizes.values()), 350, "MB")]


def _sizes(pid: int) -> dict[str, float]:
    """PSS in megabytes by process, Prometheus' own programs left out."""
    found: dict[str, float] = {}
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        name = process.name()
        if name.startswith(MONITORS):
            continue
        arguments = process.cmdline()
        label = " ".join(arguments[1:4])[:40] if name.startswith("python") else f"{name} {' '.join(arguments)[:40]}"
        found[f"{process.pid} {label}"] = process.memory_full_info().pss / 1e6
    return found
