"""What a user is told when the settings are wrong, and who may use a data folder."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from common.settings import read
from standalone.announcement import announce
from standalone.lock import FolderLock
from standalone.processes import SOURCE, Processes, find_secrets, with_login
from standalone.settings import Settings, with_defaults
from tests.support.ports import free_port

Ports = dict[str, str]
READ_HERE = ("SECRET_KEY", "DEVICE_KEY", "PIN_PEPPER")


@pytest.fixture
def ports() -> Ports:
    names = ("AUTH", "COLLECTOR", "POSTGRES", "MQTT", "PROMETHEUS", "ALERTMANAGER", "EXPORTER")
    return {f"{name}_PORT": str(free_port()) for name in names}


def run_standalone(data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "WATCHHOUSE_DATA": str(data), **settings}
    return subprocess.run(
        [sys.executable, "-m", "standalone"], cwd=SOURCE, env=environment, capture_output=True, text=True, check=False
    )


def test_every_fault_is_told_at_once_by_name(tmp_path: Path, ports: Ports) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wrong = {
            "AUTH_PORT": "high",
            "MQTT_PORT": ports["POSTGRES_PORT"],
            "GENERATOR": "perhaps",
            "COLLECTOR_PORT": str(taken.getsockname()[1]),
            "WATCHHOUSE_DEMO": "0",
        }
        run = run_standalone(tmp_path / "data", **{**ports, **wrong})
    assert run.returncode == 2
    assert "AUTH_PORT: must be a whole number" in run.stderr
    assert "POSTGRES_PORT, MQTT_PORT: name the same port" in run.stderr
    assert "COLLECTOR_PORT: port" in run.stderr
    assert "GENERATOR: must be on or off" in run.stderr
    for secret in ("SECRET_KEY", "DEVICE_KEY", "PIN_PEPPER"):
        assert f"{secret}: is missing" in run.stderr
    assert "Traceback" not in run.stderr


def test_every_taken_port_is_named(tmp_path: Path, ports: Ports) -> None:
    with (
        socket.create_server(("127.0.0.1", int(ports["AUTH_PORT"]))),
        socket.create_server(("127.0.0.1", int(ports["POSTGRES_PORT"]))),
    ):
        run = run_standalone(tmp_path / "data", **ports)
    assert run.returncode == 2
    assert f"AUTH_PORT: port {ports['AUTH_PORT']} is taken" in run.stderr
    assert f"POSTGRES_PORT: port {ports['POSTGRES_PORT']} is taken" in run.stderr


def test_a_second_copy_on_a_folder_is_refused(tmp_path: Path, ports: Ports) -> None:
    with FolderLock(tmp_path / "data"):
        run = run_standalone(tmp_path / "data", **ports)
    assert run.returncode == 1
    assert f"is in use by another copy (process {os.getpid()})" in run.stderr


def test_a_clean_end_is_told_from_a_kill(tmp_path: Path) -> None:
    with FolderLock(tmp_path) as first:
        assert not first.was_killed
    with FolderLock(tmp_path) as second:
        assert not second.was_killed
    (tmp_path / "lock").write_text("4711")
    with FolderLock(tmp_path) as third:
        assert third.was_killed


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read(Settings, with_defaults({"WATCHHOUSE_DATA": str(tmp_path)}))


def test_secrets_are_made_once_and_for_their_owner_only(settings: Settings, tmp_path: Path) -> None:
    made = find_secrets(settings)
    assert find_secrets(settings) == made
    alone = {made.superuser, made.auth, made.collector, made.reader, made.monitor, made.key}
    assert len(alone | {made.broker.collector, made.broker.fleet, made.device_key, made.pin_pepper}) == 10
    kept = [tmp_path / "secrets", *(tmp_path / "secrets").iterdir()]
    assert {path.stat().st_mode & 0o077 for path in kept} == {0}


def test_each_process_sees_its_own_secrets_only(settings: Settings) -> None:
    secrets = find_secrets(settings)
    given = {"SECRET_KEY_FILE": "key", "METRICS_PASSWORD": "owner", "SMTP_URL": "smtp://mail"}
    processes = Processes(settings, secrets, "postgresql://metrics:owner@host:1/metrics", given)
    auth = dict(processes.auth().environment)
    generator = dict(processes.generator(in_terminal=False).environment)
    assert auth["DATABASE_URL"] == f"postgresql://watchhouse_auth:{secrets.auth}@host:1/metrics"
    assert "SECRET_KEY_FILE" not in auth
    assert "METRICS_PASSWORD" not in auth
    assert "MQTT_URL" not in auth
    assert not {"DATABASE_URL", "SECRET_KEY", "DEVICE_KEY", "PIN_PEPPER", "MQTT_URL"} & generator.keys()
    assert processes.collector().environment["SMTP_URL"] == "smtp://mail"


@pytest.mark.parametrize(
    ("broker", "knows_accounts", "knows_fleet"),
    [("mosquitto", True, False), ("iotcore", False, True), (None, False, False)],
)
def test_accounts_are_written_for_our_mosquitto_and_the_fleets_one_password_is_the_others(
    settings: Settings, broker: str | None, knows_accounts: bool, knows_fleet: bool
) -> None:
    secrets = find_secrets(settings)
    processes = Processes(settings, secrets, "postgresql://metrics:owner@host:1/metrics", {}, broker=broker)
    collector = processes.collector().environment
    assert ({"BROKER_ACCOUNTS", "BROKER_PID_FILE"} <= collector.keys()) is knows_accounts
    told = processes.generator(in_terminal=False).environment.get("FLEET_MQTT_PASSWORD")
    assert told == (secrets.broker.fleet if knows_fleet else None)
    assert collector["MQTT_URL"] == f"mqtt://collector:{secrets.broker.collector}@127.0.0.1:1883"


def test_a_broker_that_is_only_to_look_around_is_told_of_loudly(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    announce(settings, "http://here", "mosquitto")
    assert "only one to look around" not in capsys.readouterr().out
    announce(settings, "http://here", "iotcore")
    told = capsys.readouterr().out
    assert all(thing in told for thing in ("only one to look around with", "- access list", "- account for each lock"))


def test_locks_are_told_the_brokers_address_without_its_password(tmp_path: Path) -> None:
    given = {"WATCHHOUSE_DATA": str(tmp_path), "MQTT_URL": "mqtts://collector:geheim@broker.example:8884"}
    settings = read(Settings, with_defaults(given))
    processes = Processes(settings, find_secrets(settings), "postgresql://metrics:owner@host:1/metrics", given)
    assert processes.auth().environment["MQTT_PUBLIC_URL"] == "mqtts://broker.example:8884"
    assert processes.collector().environment["MQTT_URL"] == given["MQTT_URL"]


@pytest.mark.parametrize("ending", ["", "_FILE"])
@pytest.mark.parametrize(
    ("secret", "readers"),
    [
        ("SMTP_URL", {"collector"}),
        ("METRICS_TOKEN", {"auth", "collector", "generator"}),
        ("SECRET_KEY", {"auth"}),
        ("DEVICE_KEY", {"auth", "collector"}),
        ("PIN_PEPPER", {"auth"}),
        ("FLEET_MQTT_PASSWORD", {"generator"}),
    ],
)
def test_a_secret_reaches_those_who_read_it_and_nobody_else(
    settings: Settings, secret: str, readers: set[str], ending: str
) -> None:
    given = {secret + ending: "given"}
    processes = Processes(settings, find_secrets(settings), "postgresql://metrics:owner@host:1/metrics", given)
    environments = {
        "auth": processes.auth().environment,
        "collector": processes.collector().environment,
        "generator": processes.generator(in_terminal=False).environment,
        "migration": processes.migration(),
        "programs of others": processes.environment,
    }
    assert {name for name, seen in environments.items() if {secret, secret + "_FILE"} & seen.keys()} == readers
    if secret not in READ_HERE:  # and given on
        assert {environments[name][secret + ending] for name in readers} == {"given"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://a:b@host:5/db", "postgresql://role:p%2Fw@host:5/db"),
        ("postgresql://host/db?sslmode=require", "postgresql://role:p%2Fw@host/db?sslmode=require"),
        ("postgres://a:p%40b@[::1]:5/db", "postgres://role:p%2Fw@[::1]:5/db"),
    ],
)
def test_a_url_gets_another_login(url: str, expected: str) -> None:
    assert with_login(url, "role", "p/w") == expected
