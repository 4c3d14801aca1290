"""The journal of a real auth: what a client has got is written down, whoever is killed when."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
import requests

from standalone.postgres import Server
from tests.auth.journal_lines import is_closed, lines_in, segments_in
from tests.auth.remote import call, register
from tests.support.databases import throw_away
from tests.support.long_runs import IS_LONG
from tests.support.processes import Running, start_auth
from tests.support.waiting import wait_for

KILLS = 20 if IS_LONG else 3
STYLE = Path(__file__).parents[2] / "auth" / "static" / "house.css"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its journal is."""
    return tmp_path_factory.mktemp("house")


@pytest.fixture(scope="module")
def running(server: Server, folder: Path) -> Iterator[Running]:
    """An auth with one worker."""
    with throw_away(server) as database:
        running = start_auth(database, folder, AUTH_WORKERS="1")
        yield running
        running.stop()


@pytest.fixture(scope="module")
def token(running: Running) -> str:
    """Somebody's."""
    return register(running)


def worker_of(running: Running, dead: int = 0) -> int | None:
    """The process id of its only worker, once there is one that lives."""
    children = [child.pid for child in psutil.Process(running.process.pid).children()]
    return children[0] if children and children != [dead] else None


def test_what_was_answered_is_written_down_though_the_worker_is_killed(
    running: Running, folder: Path, token: str
) -> None:
    kept, worker = [], 0
    for number in range(KILLS):
        worker = wait_for(partial(worker_of, running, worker), what="a worker")
        answers = [
            call(running, "GET", "/livez", X_Request_ID=f"whole-{number}"),
            call(running, "GET", "/actions/read", token=token, X_Request_ID=f"streamed-{number}"),
        ]
        os.kill(worker, signal.SIGKILL)
        kept += [(answer.headers["X-Request-ID"], str(len(answer.content))) for answer in answers]
    assert len(kept) == 2 * KILLS
    for request_id, size in kept:
        [line] = lines_in(folder / "data" / "journal", request_id)
        assert (line["status"], line["response_bytes"]) == ("200", size)
    wait_for(partial(worker_of, running, worker), what="another worker")
    assert all(
        is_closed(segment) for segment in segments_in(folder / "data" / "journal") if f"-{worker}-" in segment.name
    )


def test_files_go_out_whole_and_streams_in_pieces(running: Running, folder: Path, token: str) -> None:
    assert requests.get(running.url + "/static/house.css", timeout=10).content == STYLE.read_bytes()
    answer = call(running, "GET", "/actions/read", token=token, X_Request_ID="pieces")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.json()["data"] == []
    call(running, "HEAD", "/livez", X_Request_ID="head")
    lines = {line["request_id"]: line for line in lines_in(folder / "data" / "journal")}
    assert {line["endpoint"] for line in lines.values()} <= {"/livez", "/register", "/login", "/actions/read"}
    head, pieces = lines["head"], lines["pieces"]
    assert (head["method"], head["response_bytes"], head["ip_address"]) == ("HEAD", "0", "127.0.0.1")
    assert pieces["response_bytes"] == str(len(answer.content))
