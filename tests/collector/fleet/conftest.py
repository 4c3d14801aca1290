"""What tests of commands share; those of the ingest have a house of their own."""

from collections.abc import Iterator

import pytest

from standalone.postgres import Server
from tests.collector.fleet.command_house import CommandHouse
from tests.support.databases import throw_away


@pytest.fixture(scope="module")
def house(server: Server) -> Iterator[CommandHouse]:
    """A database with devices to command, one for all tests of a file."""
    with throw_away(server) as database:
        made = CommandHouse.on(database)
        yield made
        made.engine.dispose()
