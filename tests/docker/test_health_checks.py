"""Every health check is run as it stands, natively, against the running house: right when all is well, wrong when not.

Only addresses are put in: a container has fixed ports, a house under test has free ones.
"""

import os
import shutil
import subprocess
import sys
from urllib.parse import unquote, urlsplit

import pytest

from tests.docker import compose_files, dockerfile
from tests.support.ports import free_port

SERVICES = compose_files.load(compose_files.DEMO)["services"]
OWN = ("auth", "collector", "generator")
# Grafana is no program of Debian's; its check differs from Alertmanager's by address only.
THIRD_PARTY = ("postgres", "mosquitto", "prometheus", "alertmanager", "postgres-exporter")
PROGRAM_FOLDERS = ("/usr/lib/postgresql/15/bin", "/usr/sbin")


def address(url: str) -> str:
    """`host:port` of a URL."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}"


def run(command: list[str], **environment: str) -> int:
    """The exit status of `command`, found where Debian keeps programs."""
    path = os.pathsep.join([os.environ["PATH"], *PROGRAM_FOLDERS])
    program = shutil.which(command[0], path=path)
    assert program, f"{command[0]} is not on this machine"
    return subprocess.run(
        [program, *command[1:]],
        env={**os.environ, "PATH": path, **environment},
        timeout=20,
        capture_output=True,
        check=False,
    ).returncode


def replaced(words: list[str], changes: dict[str, str]) -> list[str]:
    """The words of a command with other addresses in it."""
    for old, new in changes.items():
        words = [word.replace(old, new) for word in words]
    return words


def own_check(image: str, target: str) -> int:
    """Run an image's health check with `target` as the address of what it asks."""
    script = str(dockerfile.ROOT / "docker" / "healthcheck.py")
    words = replaced(
        dockerfile.health_check(image),
        {
            "/usr/local/lib/watchhouse/healthcheck.py": script,
            "exec python ": f"exec {sys.executable} ",
            "127.0.0.1:5000": target,
            "127.0.0.1:9101": target,
        },
    )
    return run([sys.executable if words[0] == "python" else words[0], *words[1:]], TARGET_URL=f"http://{target}")


def third_party_check(service: str, target: str, password: str = "") -> int:
    """Run a service's health check with `target` as the address of what it asks."""
    kind, *words = SERVICES[service]["healthcheck"]["test"]
    host, _, port = target.partition(":")
    words = replaced(
        words,
        {
            "127.0.0.1:9090": target,
            "127.0.0.1:9093": target,
            "127.0.0.1:9187": target,
            "--host=127.0.0.1": f"--host={host}",
            "--port=5432": f"--port={port}",
            "-p 1883": f"-p {port}",
        },
    )
    return run(["sh", "-c", *words] if kind == "CMD-SHELL" else words, MQTT_PASSWORD=password)


@pytest.fixture
def addresses(platform) -> dict[str, str]:
    """Where each service of the running house listens."""
    return {
        "auth": address(platform.auth_url),
        "generator": address(platform.auth_url),
        "collector": address(platform.collector_url),
        "postgres": address(platform.database.owner_url),
        "mosquitto": address(platform.mqtt_url),
        "prometheus": address(platform.prometheus_url),
        "alertmanager": address(platform.alertmanager_url),
        "postgres-exporter": address(platform.exporter_url),
    }


@pytest.fixture
def dead_address() -> str:
    """An address on which nobody listens."""
    return f"127.0.0.1:{free_port()}"


@pytest.mark.parametrize("image", OWN)
def test_an_images_health_check_answers(image, addresses):
    assert own_check(image, addresses[image]) == 0


@pytest.mark.parametrize("image", OWN)
def test_an_images_health_check_fails_when_nothing_answers(image, dead_address):
    assert own_check(image, dead_address) == 1


@pytest.mark.parametrize("service", THIRD_PARTY)
def test_a_services_health_check_answers(service, addresses, platform):
    assert third_party_check(service, addresses[service], unquote(urlsplit(platform.mqtt_url).password or "")) == 0


@pytest.mark.parametrize("service", THIRD_PARTY)
def test_a_services_health_check_fails_when_nothing_answers(service, dead_address):
    assert third_party_check(service, dead_address) != 0


def test_the_brokers_health_check_fails_with_a_wrong_password(addresses):
    assert third_party_check("mosquitto", addresses["mosquitto"], "wrong") != 0


def test_the_check_of_an_answer_that_is_no_success_fails(addresses):
    script = str(dockerfile.ROOT / "docker" / "healthcheck.py")
    assert run([sys.executable, script, f"http://{addresses['auth']}/no-such-page"]) == 1
