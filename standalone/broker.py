"""The MQTT broker: Mosquitto where its program is on the machine, else the one of the iotcore wheel.

The wheel's knows passwords but no access list and keeps sessions in memory only: enough to look around.
"""

import base64
import hashlib
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from standalone.monitoring import find_program
from standalone.program import Program, accepts_connections
from standalone.settings import LOOPBACK

USER = "collector"
ITERATIONS = 101  # what mosquitto_passwd writes; the password is 256 random bits, so a slow hash guards nothing
SALT_BYTES = 12


def make_broker(data: Path, port: int, password: str, configuration: Path, environment: Mapping[str, str]) -> Program:
    """The better broker there is, as a service; its name says which. It knows one account, USER."""
    program = find_program("mosquitto")
    if program:
        return make_mosquitto(program, data, port, password, configuration=configuration, environment=environment)
    return make_iotcore(data, port, password, environment)


def make_mosquitto(
    program: str, data: Path, port: int, password: str, *, configuration: Path, environment: Mapping[str, str]
) -> Program:
    """Mosquitto with the access list and behaviour in the folder `configuration`."""
    rendered = _render_mosquitto(data / "mosquitto", port, password, configuration)
    return Program(
        "mosquitto",
        (program, "-c", rendered),
        environment,
        data / "log" / "mosquitto.log",
        accepts_connections(LOOPBACK, port),
    )


def make_iotcore(data: Path, port: int, password: str, environment: Mapping[str, str]) -> Program:
    """The wheel's broker, in a process of its own."""
    rendered = _render_iotcore(data / "iotcore", port, password)
    return Program(
        "iotcore",
        (sys.executable, "-m", "iotcore", "--config", rendered),
        environment,
        data / "log" / "iotcore.log",
        accepts_connections(LOOPBACK, port),
    )


def hash_password(password: str) -> str:
    """As Mosquitto 2 keeps it: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _render_mosquitto(home: Path, port: int, password: str, configuration: Path) -> Path:
    passwords = _write_secret(home / "passwords", f"{USER}:{hash_password(password)}\n")
    lines = [
        f"include_dir {configuration / 'shared'}",
        f"listener {port} {LOOPBACK}",
        f"persistence_location {home}/",
        f"password_file {passwords}",
        f"acl_file {configuration / 'acl'}",
    ]
    if os.geteuid() == 0:
        lines.append("user root")  # else it becomes its own user, who may not enter the data folder
    return _write_secret(home / "mosquitto.conf", "\n".join([*lines, ""]))


def _render_iotcore(home: Path, port: int, password: str) -> Path:
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
{USER} = "{password}"
""",
    )


def _write_secret(path: Path, content: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)
    return path
