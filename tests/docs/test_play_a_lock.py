"""The walk-through is true: its own commands, run by a shell in their order, play a lock against the whole house."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.platform import Platform

PAGE = Path(__file__).parents[2] / "docs" / "play-a-lock.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIMIT_SECONDS = 60.0


def commands_for(platform: Platform) -> str:
    """All blocks of the page, with this house's addresses instead of the usual ones."""
    script = "\n".join(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    ours = {
        "HOUSE=http://localhost:5000": f"HOUSE={platform.auth_url}",
        "BROKER=localhost": "BROKER=127.0.0.1",
        "PORT=1883": f"PORT={platform.ports['MQTT_PORT']}",
    }
    for usual, own in ours.items():
        assert script.count(f"{usual}\n") == 1
        script = script.replace(f"{usual}\n", f"{own}\n")
    return script


@pytest.fixture(scope="module")
def said(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the page's commands print."""
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", commands_for(platform)],
        cwd=tmp_path_factory.mktemp("played"),
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_the_played_lock_is_online_as_it_says(said: list[str]) -> None:
    assert "online: True, locked: True, battery: 87" in said


def test_each_of_its_messages_is_told_stored(said: list[str]) -> None:
    told = [int(found[1]) for line in said if (found := re.fullmatch(r'\{"boot":\d+,"seq":(\d+)\}', line))]
    assert told == [1, 2, 3, 4, 5, 6]


def test_its_unlock_is_signed_and_ends_as_it_answers(said: list[str]) -> None:
    assert "signature: good" in said
    assert "the owner is told: Unlock command acknowledged" in said


def test_its_one_time_pin_opens_once(said: list[str]) -> None:
    assert said.count("first try: True, None") == 1
    assert any(line.startswith("second try: False, ") for line in said)


def test_its_log_has_all_of_it(said: list[str]) -> None:
    logged = [line.partition(" - ")[0] for line in said if " - " in line]
    assert {"CLAIMED", "ONLINE", "STARTED", "MANUAL", "UNLOCK", "PIN_ADDED", "PIN_GRANTED", "PIN_DENIED"} <= set(logged)
    assert said[-1] == "given up"
