"""What happens before Flask: connections that say nothing, requests that gunicorn refuses."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests

from standalone.postgres import Server
from tests.support.databases import throw_away
from tests.support.processes import Running, start_auth

SILENT = 40  # more than all threads of all workers


@pytest.fixture(scope="module")
def plain(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An auth for all that leave it as it is."""
    with throw_away(server) as database:
        running = start_auth(database, tmp_path_factory.mktemp("plain"))
        yield running
        running.stop()


@pytest.fixture
def silent_connections() -> Iterator[Callable[[str], None]]:
    """Opens connections that never send a byte."""
    with ExitStack() as opened:

        def open_them(url: str) -> None:
            for _ in range(SILENT):
                opened.enter_context(connect(url))

        yield open_them


def connect(url: str) -> socket.socket:
    where = urlsplit(url)
    return socket.create_connection((where.hostname, where.port or 80), timeout=10)


def send_raw(url: str, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to exactly these bytes."""
    with connect(url) as line:
        line.sendall(request)
        answer = b"".join(iter(lambda: line.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin1").split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


def test_silent_connections_hold_no_thread(
    make_auth: Callable[..., Running], silent_connections: Callable[[str], None]
) -> None:
    running = make_auth(AUTH_WORKERS="1", AUTH_THREADS="4")
    silent_connections(running.url)
    assert requests.get(running.url + "/livez", timeout=2).status_code == 200


def test_half_requests_hold_their_threads_for_seconds_only(make_auth: Callable[..., Running]) -> None:
    running = make_auth(AUTH_WORKERS="1", AUTH_THREADS="4")
    with ExitStack() as opened:
        for _ in range(4):
            opened.enter_context(connect(running.url)).sendall(b"GET / HTTP/1.1\r\nHo")
        assert requests.get(running.url + "/livez", timeout=8).status_code == 200


def test_a_head_that_comes_in_pieces_is_served(plain: Running) -> None:
    with connect(plain.url) as line:
        line.sendall(b"GET /livez HTTP/1.1\r\nHost: loc")
        assert requests.get(plain.url + "/livez", timeout=2).status_code == 200
        line.sendall(b"alhost\r\nConnection: close\r\n\r\n")
        assert line.recv(65_536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        pytest.param(b"no request at all\r\n\r\n", 400, id="request line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n", 431, id="long header"),
        pytest.param(b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, id="long address"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nX-Odd: a\0b\r\n\r\n", 400, id="NUL in a header"),
    ],
)
def test_what_the_server_refuses_is_a_problem_too(plain: Running, request_bytes: bytes, status: int) -> None:
    answered, headers, body = send_raw(plain.url, request_bytes)
    assert (answered, headers["Content-Type"]) == (status, "application/problem+json")
    assert headers["X-Request-ID"] == json.loads(body)["instance"]
