"""Folders, ports and servers for the tests of the standalone system."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from standalone.postgres import Server
from tests.support.ports import free_port

MakeServer = Callable[..., Server]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """Makes servers, by default all on one folder; those that run at the end are stopped."""
    made: list[Server] = []

    def make(folder: Path = tmp_path / "postgres") -> Server:
        made.append(Server(folder, port=free_port(), password="it's a päss/word"))
        return made[-1]

    yield make
    for server in made:
        server.stop()
