"""A PostgreSQL of one's own, in memory, that tests may kill."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from standalone.postgres import Server
from tests.support.databases import prepare_template
from tests.support.memory import quick_folder
from tests.support.ports import free_port


@contextmanager
def run_own_server(folder: Path) -> Iterator[tuple[Path, Server]]:
    """The folder that it lives in, and the server with the template of all databases, until the end of the block."""
    with quick_folder(folder) as quick:
        server = Server(quick / "cluster", port=free_port(), password="of its own")
        server.start()
        try:
            prepare_template(server)
            yield quick, server
        finally:
            if server.process.poll() is not None:
                server.start()  # clears away the shared memory that a killed one leaves on the machine
            server.stop()
