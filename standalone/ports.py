"""The ports a system opens on this machine: which they are, and whether they can be opened.

Looks at the environment, not at the settings made of it, so that a fault elsewhere in it hides none here.
"""

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields

from common.settings import port
from standalone.monitoring import find_program
from standalone.settings import LOOPBACK, Settings

# Settings whose port is not opened when another setting names a server to use instead.
REPLACED_BY = {"POSTGRES_PORT": "DATABASE_URL", "MQTT_PORT": "MQTT_URL"}
NEEDS_PROGRAM = {"PROMETHEUS_PORT": "prometheus", "ALERTMANAGER_PORT": "alertmanager", "EXPORTER_PORT": "exporter"}
ADDRESS = {"AUTH_PORT": "AUTH_HOST", "COLLECTOR_PORT": "COLLECTOR_HOST"}


@dataclass(frozen=True)
class Listener:
    """A port to open, and the setting that names it."""

    name: str
    host: str
    number: int


def find_listeners(environment: Mapping[str, str]) -> list[Listener]:
    """What a system with this environment would open; a port that makes no sense is left out."""
    found = []
    for field in fields(Settings):
        name = field.metadata["name"]
        if not name.endswith("_PORT") or not _is_opened(name, environment):
            continue
        host = environment.get(ADDRESS.get(name, "")) or LOOPBACK
        try:
            found.append(Listener(name, host, port(environment.get(name) or field.metadata["default"])))
        except ValueError:
            continue
    return found


def _is_opened(name: str, environment: Mapping[str, str]) -> bool:
    replacement, program = REPLACED_BY.get(name), NEEDS_PROGRAM.get(name)
    if replacement:
        return not (environment.get(replacement) or environment.get(f"{replacement}_FILE"))
    return program is None or find_program(program) is not None


def shared_ports(listeners: list[Listener]) -> list[str]:
    """A fault for each port that several settings name."""
    names: dict[int, list[str]] = {}
    for listener in listeners:
        names.setdefault(listener.number, []).append(listener.name)
    return [f"{', '.join(found)}: name the same port {number}" for number, found in names.items() if len(found) > 1]


def taken_ports(listeners: list[Listener]) -> list[str]:
    """A fault for each port that cannot be opened."""
    return [f"{listener.name}: {reason}" for listener in listeners if (reason := _why_not(listener))]


def _why_not(listener: Listener) -> str:
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port whose connections are fading is free
        try:
            probe.bind((listener.host, listener.number))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"port {listener.number} is taken by another program"
            return f"cannot listen on {listener.host}:{listener.number} ({error.strerror})"
    return ""
