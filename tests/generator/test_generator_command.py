"""The command line without a service: what it says and how it ends."""

import subprocess
from collections.abc import Callable

import pytest

from generator.scenarios import SCENARIOS

Start = Callable[..., subprocess.Popen[str]]


def test_help_names_every_scenario(generate: Callable) -> None:
    ended = generate("--help")
    assert ended.status == 0
    assert all(name in ended.out for name in SCENARIOS)


@pytest.mark.parametrize(
    ("options", "environment", "complaint"),
    [
        (["--scenario", "holiday"], {}, "--scenario"),
        (["--rate", "0"], {}, "--rate"),
        (["--people", "0"], {}, "--people"),
        (["--duration", "-1"], {}, "--duration"),
        (["--url", "ftp://elsewhere"], {}, "TARGET_URL"),
        ([], {"TARGET_URL": "localhost:5000"}, "TARGET_URL"),
    ],
    ids=["scenario", "rate", "people", "duration", "url", "url from the environment"],
)
def test_a_wrong_option_is_named(generate: Callable, options: list[str], environment: dict, complaint: str) -> None:
    ended = generate(*options, **environment)
    assert ended.status == 2
    assert complaint in ended.err


@pytest.mark.parametrize(("options", "status"), [((), 0), (("--verify",), 1)], ids=["plain", "verify"])
def test_while_it_waits_for_a_service_it_can_be_stopped(
    start: Start, interrupt: Callable, closed_port: int, options: tuple[str, ...], status: int
) -> None:
    process = start("--url", f"http://127.0.0.1:{closed_port}", *options)
    assert process.stderr is not None
    assert "waiting for" in process.stderr.readline()
    ended = interrupt(process)
    assert ended.status == status
    assert "nothing was compared" in ended.out
