"""What the whole idle house holds of memory: the proportional set size of every process of `make run`."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import requests

from bench.report import Figure, at_most
from tests.support.ports import free_port
from tests.support.processes import environment
from tests.support.waiting import wait_for

IDLE_SECONDS = 20.0
PORTS = (
    "AUTH_PORT",
    "COLLECTOR_PORT",
    "POSTGRES_PORT",
    "MQTT_PORT",
    "PROMETHEUS_PORT",
    "ALERTMANAGER_PORT",
    "EXPORTER_PORT",
)
MONITORS = ("prometheus", "prometheus-alert", "prometheus-post", "alertmanager", "postgres_exporte")


def measure(folder: Path) -> list[Figure]:
    """Megabytes of all processes with PostgreSQL and broker, Prometheus and its companions apart."""
    ports = {name: str(free_port()) for name in PORTS}
    house = subprocess.Popen(
        [sys.executable, "-m", "standalone"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(GENERATOR="off", WATCHHOUSE_DATA=str(folder / "data"), **ports),
    )
    try:
        wait_for(lambda: _is_ready(ports), seconds=90, what="the house is ready")
        threading.Event().wait(IDLE_SECONDS)
        sizes = _sizes(house.pid)
    finally:
        house.send_signal(signal.SIGTERM)
        house.wait(30)
    for name, size in sorted(sizes.items(), key=lambda entry: -entry[1]):
        print(f"     {size:7.1f} MB  {name}")
    return [at_most("idle in all, with PostgreSQL and broker", sum(sizes.values()), 350, "MB")]


def _is_ready(ports: dict[str, str]) -> bool:
    try:
        return all(
            requests.get(f"http://127.0.0.1:{ports[name]}{path}", timeout=2).ok
            for name, path in (("AUTH_PORT", "/readyz"), ("COLLECTOR_PORT", "/healthz"))
        )
    except requests.ConnectionError:
        return False


def _sizes(pid: int) -> dict[str, float]:
    """PSS in megabytes by process, Prometheus' own programs left out."""
    found: dict[str, float] = {}
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        name = process.name()
        if name in MONITORS:
            continue
        arguments = process.cmdline()
        label = " ".join(arguments[1:4])[:40] if name.startswith("python") else f"{name} {' '.join(arguments)[:40]}"
        found[f"{process.pid} {label}"] = process.memory_full_info().pss / 1e6
    return found
