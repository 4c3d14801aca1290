"""Prometheus, Alertmanager and the postgres exporter, where their programs are on the machine. None is needed."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from standalone.program import Program, answers_http
from standalone.settings import LOOPBACK, Settings, reachable

# Under the names of their makers and of Debian.
PROGRAMS = {
    "prometheus": ("prometheus",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
    "exporter": ("postgres_exporter", "prometheus-postgres-exporter"),
    "mosquitto": ("mosquitto",),
}
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not in an ordinary user's PATH
KEPT_DAYS = 15
KEPT_SIZE = "512MB"


def find_program(name: str) -> str | None:
    """Where the program is, or None."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS))
    return next((found for known in PROGRAMS[name] if (found := shutil.which(known, path=path))), None)


def make_prometheus(settings: Settings, configuration: Path, environment: Mapping[str, str]) -> Program | None:
    """Prometheus over a copy of `configuration`, whose targets are ours on loopback."""
    program = find_program("prometheus")
    if program is None:
        return None
    home = settings.data / "prometheus"
    home.mkdir(parents=True, exist_ok=True)
    _render(settings, configuration, home)
    return Program(
        "prometheus",
        (
            program,
            f"--config.file={home / 'prometheus.yml'}",
            f"--storage.tsdb.path={home / 'tsdb'}",
            f"--storage.tsdb.retention.time={KEPT_DAYS}d",
            f"--storage.tsdb.retention.size={KEPT_SIZE}",
            f"--web.listen-address={LOOPBACK}:{settings.prometheus_port}",
        ),
        environment,
        settings.data / "log" / "prometheus.log",
        answers_http(LOOPBACK, settings.prometheus_port, "/-/ready"),
    )


def make_alertmanager(settings: Settings, configuration: Path, environment: Mapping[str, str]) -> Program | None:
    """Alertmanager by itself: no cluster."""
    program = find_program("alertmanager")
    if program is None:
        return None
    return Program(
        "alertmanager",
        (
            program,
            f"--config.file={configuration / 'alertmanager.yml'}",
            f"--storage.path={settings.data / 'alertmanager'}",
            "--cluster.listen-address=",
            f"--web.listen-address={LOOPBACK}:{settings.alertmanager_port}",
        ),
        environment,
        settings.data / "log" / "alertmanager.log",
        answers_http(LOOPBACK, settings.alertmanager_port, "/-/ready"),
    )


def make_exporter(settings: Settings, monitor_url: str, environment: Mapping[str, str]) -> Program | None:
    """The postgres exporter; it gets its URL by its environment, which other users cannot read."""
    program = find_program("exporter")
    if program is None:
        return None
    # Its driver demands TLS unless told otherwise; ours never leaves loopback.
    told = {"PGSSLMODE": "disable", **environment, "DATA_SOURCE_NAME": monitor_url}
    return Program(
        "postgres-exporter",
        (program, f"--web.listen-address={LOOPBACK}:{settings.exporter_port}"),
        told,
        settings.data / "log" / "postgres-exporter.log",
        answers_http(LOOPBACK, settings.exporter_port, "/"),
    )


def _render(settings: Settings, configuration: Path, home: Path) -> None:
    """A copy of the configuration beside the targets that this machine has."""
    shutil.rmtree(home / "rules", ignore_errors=True)
    shutil.copytree(configuration / "rules", home / "rules")
    shutil.copy(configuration / "prometheus.yml", home)
    targets = {
        "auth": f"{reachable(settings.auth_host)}:{settings.auth_port}",
        "collector": f"{reachable(settings.collector_host)}:{settings.collector_port}",
        "prometheus": f"{LOOPBACK}:{settings.prometheus_port}",
    }
    if find_program("exporter"):
        targets["postgres"] = f"{LOOPBACK}:{settings.exporter_port}"
    managers = {"alertmanager": f"{LOOPBACK}:{settings.alertmanager_port}"} if find_program("alertmanager") else {}
    (home / "targets.yml").write_text(_targets(targets | managers))
    (home / "alertmanagers.yml").write_text(_targets(managers))


def _targets(addresses: Mapping[str, str]) -> str:
    """As Prometheus reads a file of targets: JSON is YAML too."""
    return json.dumps([{"targets": [address], "labels": {"job": job}} for job, address in addresses.items()])
