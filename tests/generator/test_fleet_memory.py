"""What locks keep outlives the process: no number is used twice, nothing that is not stored is forgotten."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from generator.fleet.memory import Memory, MemoryTakenError
from generator.fleet.obeying import take_command
from generator.fleet.outbox import Outbox
from generator.fleet.record import CodeTable, Record
from tests.generator.locks import DEVICE, NOW, code, command, new_lock, sent, signed

KILLS = 4
LINES_BEFORE_A_KILL = 300


def live_and_be_killed(path: Path, lines: int) -> list[list[str]]:
    """What a restless lock had published when SIGKILL came."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.generator.restless_lock", str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    with process.stdout:
        whole = "".join(said) + process.stdout.read()
    process.wait(20)
    return [line.split() for line in whole.splitlines(keepends=True) if line.endswith("\n")]


def test_killed_again_and_again_it_never_says_two_things_by_one_number(tmp_path: Path) -> None:
    path = tmp_path / "generator" / "locks.sqlite"
    published: dict[tuple[int, int], str] = {}
    stored = (0, 0)
    for kill in range(KILLS):
        for word, boot, seq, *payload in live_and_be_killed(path, LINES_BEFORE_A_KILL + 37 * kill):
            key = (int(boot), int(seq))
            if word == "stored":
                stored = max(stored, key)
            else:
                assert published.setdefault(key, payload[0]) == payload[0]
        memory = Memory(path)
        kept = {message.key: message.payload.hex() for message in memory.read_outbox(DEVICE)}
        record = Record.from_bytes(memory.read_record(DEVICE) or b"")
        memory.close()
        assert record.boot == kill + 1
        assert (record.boot, record.seq) >= max(published)
        assert {key: payload for key, payload in published.items() if key > stored}.items() <= kept.items()
    assert len({boot for boot, _ in published}) == KILLS


def test_a_lock_that_comes_back_knows_all_it_knew(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "locks.sqlite")
    lock = new_lock()
    take_command(lock, signed(command("UNLOCK", 9)), NOW)
    lock.record.table = CodeTable(3, "f" * 64, "Europe/Berlin", [code(1, "284651")], {"1": 2})
    lock.record.brake.attempts, lock.record.spent = [NOW], {"n" * 16: 5}
    change = lock.take_change()
    memory.write([change])
    lock.outbox.release(change.messages)
    unsent = lock.outbox.due()
    assert Record.from_bytes(memory.read_record(DEVICE) or b"") == lock.record
    assert Outbox(memory.read_outbox(DEVICE)).due() == unsent
    lock.outbox.acknowledge(unsent[-1].key)
    memory.write([lock.take_change()])
    assert memory.read_outbox(DEVICE) == []
    memory.close()


def test_a_command_obeyed_before_the_power_went_is_not_obeyed_after(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "locks.sqlite")
    lock = new_lock()
    payload = signed(command("UNLOCK", 1))
    take_command(lock, payload, NOW)
    memory.write([lock.take_change()])
    again = new_lock(Record.from_bytes(memory.read_record(DEVICE) or b""))
    memory.close()
    assert take_command(again, payload, NOW).verdict == "duplicate"
    assert sent(again)


def test_the_file_is_for_nobody_elses_eyes_and_for_one_fleet(tmp_path: Path) -> None:
    path = tmp_path / "generator" / "locks.sqlite"
    memory = Memory(path)
    memory.write_credentials(DEVICE, b"secret")
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {0o600}
    with pytest.raises(MemoryTakenError):
        Memory(path)
    memory.forget(DEVICE)
    assert memory.read_credentials(DEVICE) is None
    memory.close()


def test_a_folder_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    (tmp_path / "generator").write_text("a file")
    with pytest.raises(MemoryTakenError, match="generator"):
        Memory(tmp_path / "generator" / "locks.sqlite")
