"""Folders, ports and servers for the tests of the standalone system."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from standalone.postgres import Server

MakeServer = Callable[..., Server]


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A port that nobody listens on."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


@pytest.fixture
def make_server(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[MakeServer]:
    """Makes servers, by default all on one folder; those that run at the end are stopped."""
    made: list[Server] = []

    def make(folder: Path = tmp_path / "postgres") -> Server:
        made.append(Server(folder, port=free_port(), password="it's a päss/word"))
        return made[-1]

    yield make
    for server in made:
        server.stop()
