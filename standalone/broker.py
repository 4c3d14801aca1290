"""The MQTT broker: Mosquitto where its program is on the machine, else the one of the iotcore wheel.

The wheel's knows passwords but no access list and keeps sessions in memory only: enough to look around.
"""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common.broker_accounts import HOUSE, SALT_BYTES, house_lines, other_lines
from common.lock_protocol.topics import FLEET
from standalone.monitoring import find_program
from standalone.program import Program, accepts_connections
from standalone.settings import LOOPBACK

MOSQUITTO, IOTCORE = "mosquitto", "iotcore"
MISSING = (
    "access list: a lock may read and write what is another's",
    "account for each lock: all share one password",
    "memory: what waits for a lock or for the collector is lost when it ends",
)


@dataclass(frozen=True)
class Passwords:
    """The collector's, and the one that all locks share at a broker without accounts for each."""

    collector: str
    fleet: str


def make_broker(
    data: Path, port: int, passwords: Passwords, configuration: Path, environment: Mapping[str, str]
) -> Program:
    """The better broker there is, as a service; its name says which."""
    program = find_program(MOSQUITTO)
    if program:
        return make_mosquitto(
            program, data, port, passwords.collector, configuration=configuration, environment=environment
        )
    return make_iotcore(data, port, passwords, environment)


def accounts_file(data: Path) -> Path:
    """Mosquitto's password file."""
    return data / "mosquitto" / "passwords"


def pid_file(data: Path) -> Path:
    """Where Mosquitto writes its process number."""
    return data / "mosquitto" / "pid"


def make_mosquitto(
    program: str, data: Path, port: int, password: str, *, configuration: Path, environment: Mapping[str, str]
) -> Program:
    """Mosquitto with the access list and behaviour in the folder `configuration`."""
    rendered = _render_mosquitto(data, port, password, configuration)
    return Program(
        MOSQUITTO,
        (program, "-c", rendered),
        environment,
        data / "log" / "mosquitto.log",
        accepts_connections(LOOPBACK, port),
    )


def make_iotcore(data: Path, port: int, passwords: Passwords, environment: Mapping[str, str]) -> Program:
    """The wheel's broker, in a process of its own."""
    rendered = _render_iotcore(data / "iotcore", port, passwords)
    return Program(
        IOTCORE,
        (sys.executable, "-m", "iotcore", "--config", rendered),
        environment,
        data / "log" / "iotcore.log",
        accepts_connections(LOOPBACK, port),
    )


def _render_mosquitto(data: Path, port: int, password: str, configuration: Path) -> Path:
    home = data / "mosquitto"
    lines = [
        f"include_dir {configuration / 'shared'}",
        f"listener {port} {LOOPBACK}",
        "use_username_as_clientid true",
        f"persistence_location {home}/",
        f"pid_file {pid_file(data)}",
        f"password_file {_write_accounts(accounts_file(data), password)}",
        f"acl_file {configuration / 'acl'}",
    ]
    if os.geteuid() == 0:
        lines.append("user root")  # else it becomes its own user, who may not enter the data folder
    return _write_secret(home / "mosquitto.conf", "\n".join([*lines, ""]))


def _write_accounts(path: Path, password: str) -> Path:
    """The house's accounts; those of locks stay as the collector left them, so that they are let in before it runs."""
    kept = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else ()
    return _write_secret(path, house_lines(password, secrets.token_bytes(SALT_BYTES)) + other_lines(kept))


def _render_iotcore(home: Path, port: int, passwords: Passwords) -> Path:
    accounts = {**dict.fromkeys(HOUSE, passwords.collector), FLEET: passwords.fleet}
    logins = "\n".join(f'{name} = "{password}"' for name, password in accounts.items())
    return _write_secret(
        home / "rumqttd.toml",
        f"""
id = 0

[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
max_segment_size = 10485760
max_segment_count = 10

[v4.1]
name = "mqtt"
listen = "{LOOPBACK}:{port}"
next_connection_delay_ms = 1

[v4.1.connections]
connection_timeout_ms = 60000
max_payload_size = 65536
max_inflight_count = 100
dynamic_filters = true

[v4.1.connections.auth]
{logins}
""",
    )


def _write_secret(path: Path, content: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)
    return path
