"""The lease on the fleet: a lock of the very connection that writes, so that there is one writer, and it is fenced.

Whoever loses the connection has lost the lease, and could not write any more; the next holder waits for its end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.pool import PoolProxiedConnection

from sql import statements

sql = statements.load("fleet_ingest")


class Lease:
    """For one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self.is_held = False

    def take(self) -> bool:
        """Whether it is ours now; connects when it must. Raises the driver's errors."""
        if self._connection is None:
            self._connection = self._engine.raw_connection()
        with self._kept() as connection:
            [(self.is_held,)] = statements.run(connection, sql.hold_fleet)
        return self.is_held

    @contextmanager
    def transaction(self) -> Iterator[PoolProxiedConnection]:
        """A transaction of the holder: committed at the end, or not at all. Raises the driver's errors."""
        with self._kept() as connection:
            yield connection

    def release(self) -> None:
        """End the connection, and the lease with it."""
        connection, self._connection = self._connection, None
        self.is_held = False
        if connection is not None:
            connection.invalidate()

    @contextmanager
    def _kept(self) -> Iterator[PoolProxiedConnection]:
        connection = self._connection
        if connection is None:
            raise RuntimeError("only its holder writes")
        driver: Any = connection.driver_connection
        try:
            yield connection
            connection.commit()
        except BaseException:
            if not driver.closed:
                connection.rollback()
            if driver.closed:  # a server that is out of space or memory is no lost connection
                self.release()
            raise
