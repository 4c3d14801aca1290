"""The journal's files: how they are opened, closed and bounded. What a disk that fails does to requests: nothing."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from stat import S_IMODE
from time import time_ns

import pytest
from flask.testing import FlaskClient

from auth.journal import journal, segment
from tests.auth.journal_lines import folder_of, is_closed, lines_in, segments_in
from tests.support.processes import environment
from tests.support.waiting import wait_for

MakeClient = Callable[..., FlaskClient]
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")


def get(client: FlaskClient, times: int = 1) -> None:
    for _ in range(times):
        assert client.get("/livez").status_code == 200


def losses(client: FlaskClient) -> dict[str, int]:
    """What a scrape says of lines that were lost."""
    page = client.get("/metrics?name[]=watchhouse_journal_lost_lines_total").text
    found = re.findall(r'^watchhouse_journal_lost_lines_total\{reason="(\w+)"\} (\d+)$', page, re.MULTILINE)
    return {reason: int(count) for reason, count in found}


def test_a_segment_is_locked_while_it_is_written_and_for_its_owner_only(make_client: MakeClient) -> None:
    client = make_client()
    folder = folder_of(client)
    assert not folder.exists()
    get(client, 3)
    [name] = segments_in(folder)
    assert re.fullmatch(rf"v1-\d{{16}}-{os.getpid()}-[0-9a-f]{{12}}\.log", name.name)
    assert (S_IMODE(folder.stat().st_mode), S_IMODE(name.stat().st_mode)) == (0o700, 0o600)
    assert not is_closed(name)
    assert len(lines_in(folder)) == 3
    assert losses(client) == {"errors": 0, "cap": 0}


@pytest.mark.parametrize(("constant", "value"), [("SEGMENT_BYTES", 400), ("SEGMENT_SECONDS", 0.0)])
def test_a_segment_that_is_large_or_old_is_closed(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, constant: str, value: float
) -> None:
    monkeypatch.setattr(segment, constant, value)
    client = make_client()
    get(client, 10)
    segments = segments_in(folder_of(client))
    assert len(segments) >= 4
    assert len(lines_in(folder_of(client))) == 10
    assert all(found.stat().st_size <= 400 for found in segments)
    wait_for(lambda: all(map(is_closed, segments[:-1])), what="those that are done are closed")
    assert not is_closed(segments[-1])


def test_segments_of_a_small_journal_are_small_so_that_open_ones_alone_do_not_fill_it(make_client: MakeClient) -> None:
    client = make_client(JOURNAL_MAX_MB="1")
    for _ in range(250):
        assert client.get("/livez", headers={"User-Agent": "x" * 256}).status_code == 200
    sizes = [found.stat().st_size for found in segments_in(folder_of(client))]
    assert len(sizes) == 2
    assert max(sizes) <= 1024 * 1024 / 16
    assert losses(client) == {"errors": 0, "cap": 0}


def test_a_journal_that_nobody_reads_stops_at_its_cap(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "SEGMENT_SECONDS", 0.0)
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.05)
    client = make_client(JOURNAL_MAX_MB="1")
    folder = folder_of(client)
    get(client)
    (folder / "v1-unread.log").write_bytes(b"x\n" * (512 * 1024))
    get(client, 5)
    assert losses(client) == {"errors": 0, "cap": 5}
    (folder / "v1-unread.log").unlink()

    def is_kept_again() -> bool:
        get(client)
        return len(lines_in(folder)) == 2

    wait_for(is_kept_again, what="a line is written once there is room")
    lost = losses(client)["cap"]
    get(client, 3)
    assert losses(client) == {"errors": 0, "cap": lost}
    assert len(lines_in(folder)) == 5


def test_requests_are_served_without_any_journal(make_client: MakeClient, tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"no folder")
    client = make_client()
    get(client, 3)
    assert losses(client) == {"errors": 3, "cap": 0}


def test_what_cannot_be_made_a_line_is_lost_and_counted(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("auth.journal.recording.make_line", None)
    client = make_client()
    get(client)
    assert losses(client) == {"errors": 1, "cap": 0}


def test_no_moment_comes_twice_whatever_the_clock_does(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that stands or goes back a little is waited for; one that was wrong for long is believed when it is set."""
    client = make_client()
    now = time_ns()
    clock = iter([now, now, now, now - 500_000_000, now + 1000, now - 3_600_000_000_000])
    monkeypatch.setattr(journal, "time_ns", lambda: next(clock))
    get(client, 6)
    moments = [int(str(line["id"])) // 1024 - now // 1000 for line in lines_in(folder_of(client))]
    assert moments == [0, 1, 2, 3, 4, -3_600_000_000]


def test_a_draft_of_a_writer_that_was_killed_is_taken_away(make_client: MakeClient, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir(0o700)
    for name, age in (("draft-1-old", 3600), ("draft-2-new", 0)):
        (folder / name).touch()
        os.utime(folder / name, (0, (folder / name).stat().st_mtime - age))
    get(make_client())
    assert [found.name for found in folder.glob("draft-*")] == ["draft-2-new"]


def test_a_forked_child_neither_holds_nor_writes_its_parents_segment(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client()
    get(client)
    [parents] = segments_in(folder_of(client))
    ending, says_so = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(says_so)
        get(client)
        os.read(ending, 1)
        os._exit(0)
    os.close(ending)
    try:
        wait_for(lambda: len(segments_in(folder_of(client))) == 2, what="the child has a segment of its own")
        assert f"-{child}-" in segments_in(folder_of(client))[1].name
        assert parents.read_bytes().count(b"\n") == 1
        monkeypatch.setattr(segment, "SEGMENT_BYTES", 0)
        get(client)
        wait_for(lambda: is_closed(parents), what="the parent's segment is closed while the child lives")
    finally:
        os.close(says_so)
        os.waitpid(child, 0)


def test_a_full_disk_costs_lines_and_nothing_else(tmp_path: Path) -> None:
    """In a file system of 32 KiB where this system lets us make one, else under a limit for files that is as small."""
    has_namespaces = bool(shutil.which("unshare")) and not subprocess.run([*NAMESPACE, "true"], check=False).returncode
    script = Path(__file__).with_name("full_disk.py")
    told = subprocess.run(
        [*(NAMESPACE if has_namespaces else ()), sys.executable, script, "disk" if has_namespaces else "limit"],
        env=environment(WATCHHOUSE_DEMO="1", WATCHHOUSE_DATA=str(tmp_path), DATABASE_URL="postgresql://u@h/d"),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = json.loads(told.stdout)
    assert found["statuses"] == [200]
    assert found["lost"] == 100
    assert found["kept"] > 100
    assert found["kept"] + found["lost"] == found["asked"]
    assert found["broken"] == []
    assert found["kept_after"] > found["kept"]
    events = re.findall(r"journal_\w+", told.stderr)
    assert events == ["journal_loses_lines", "journal_keeps_lines_again"]


def test_lines_of_a_segment_that_somebody_takes_away_are_counted_and_later_ones_are_kept(
    make_client: MakeClient,
) -> None:
    client = make_client()
    folder = folder_of(client)
    get(client, 2)
    shutil.rmtree(folder)
    get(client, 3)

    def is_there_again() -> bool:
        get(client)
        return folder.exists()

    wait_for(is_there_again, what="there is a segment again")
    kept = len(lines_in(folder))
    assert kept > 0
    assert losses(client)["errors"] >= 3
    get(client, 2)
    assert len(lines_in(folder)) == kept + 2
