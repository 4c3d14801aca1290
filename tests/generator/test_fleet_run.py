"""A fleet against the real house, from run to run."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RUN = ("--rate", "1", "--people", "2", "--locks", "2", "--deeds", "4", "--duration", "1.5", "--verify", "--json")


@pytest.fixture(scope="module")
def lasting_seed() -> str:
    """Locks that the tests of this file have in turn."""
    return str(secrets.randbelow(2**31) + 1)


@pytest.fixture(scope="module")
def lasting_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What they keep from run to run."""
    return tmp_path_factory.mktemp("lasting")


@pytest.mark.parametrize("memory", ["kept", "lost"])
def test_locks_are_known_again_whatever_they_kept(
    platform: Any, generate: Callable, lasting_seed: str, lasting_data: Path, memory: str
) -> None:
    """In any order, the first without any: a lock that was claimed and has lost its memory gets new credentials."""
    if memory == "lost":
        for file in (lasting_data / "generator").glob("*"):
            file.unlink()
    options = (*RUN, "--url", platform.auth_url, "--seed", lasting_seed)
    ended = generate(*options, WATCHHOUSE_DATA=str(lasting_data))
    assert ended.status == 0, ended.out + ended.err
    locks = ended.summary["locks"]
    assert (locks["online"], locks["refused"], locks["entries"]["agrees"]) == (2, 0, True)
    claimed = "SELECT count(*) FROM devices WHERE device_id LIKE %s"
    assert platform.database.rows(claimed, f"lock-{lasting_seed}-%") == [(2,)]


def test_without_a_service_its_locks_wait(
    generate: Callable, start: Callable, tmp_path: Path, closed_port: int
) -> None:
    process = start("--url", f"http://127.0.0.1:{closed_port}", "--locks", "2", WATCHHOUSE_DATA=str(tmp_path))
    assert "waiting for" in process.stderr.readline()
    process.terminate()
    process.wait(20)
    assert process.returncode == 0
    assert '"locks"' not in process.stdout.read()


def test_two_generators_with_one_memory_are_one_too_many(
    platform: Any, start: Callable, generate: Callable, tmp_path: Path, wait_until: Callable
) -> None:
    options = ("--url", platform.auth_url, "--seed", "3", "--locks", "1", "--rate", "1")
    start(*options, WATCHHOUSE_DATA=str(tmp_path))
    wait_until(lambda: any((tmp_path / "generator").glob("*.sqlite")))
    second = generate(*options, "--duration", "1", WATCHHOUSE_DATA=str(tmp_path))
    assert second.status == 1
    assert "memory" in second.err
