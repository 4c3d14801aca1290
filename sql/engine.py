"""The engine: pool, timeouts, and one statement at a time without a transaction around it.

Every wait for the database is bounded: connecting, a statement, a lock, a connection of the pool, a peer that is gone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from psycopg2.extensions import cursor
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import PoolProxiedConnection

from sql.errors import is_disconnect
from sql.statements import Row, Statement, run

CONNECT_SECONDS = 2
POOL_WAIT_SECONDS = 2
SILENT_PEER_MS = 2500


def engine_options(*, process: str, pool_size: int, statement_seconds: int = 10) -> dict[str, Any]:
    """Keyword arguments for `create_engine`, with the limits on every wait."""
    limits = {
        "statement_timeout": f"{statement_seconds}s",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "60s",
        "timezone": "UTC",
    }
    return {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": POOL_WAIT_SECONDS,
        "pool_use_lifo": True,
        "hide_parameters": True,  # an error that is logged must not hold what people sent
        "connect_args": {
            "application_name": process,
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": SILENT_PEER_MS,
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
        },
    }


def make_engine(url: str, *, process: str, pool_size: int, statement_seconds: int = 10) -> Engine:
    """An engine for the PostgreSQL at `url`; nothing connects before its first use."""
    return create_engine(
        driver_url(url), **engine_options(process=process, pool_size=pool_size, statement_seconds=statement_seconds)
    )


def driver_url(url: str) -> str:
    """The URL as SQLAlchemy wants it: `postgres://` and `postgresql://` name the psycopg2 driver."""
    return "postgresql+psycopg2://" + url.partition("://")[2]


def time_statements(engine: Engine, note: Callable[[float], None]) -> None:
    """Tell `note` the seconds of each statement that `engine` runs from now on, also of one that fails.

    By the driver's cursor, which the ORM, named statements and streams all end in: so none is missed or told twice.
    """

    class TimedCursor(cursor):
        __slots__ = ()

        def execute(self, *statement: Any) -> None:
            started = perf_counter()
            try:
                cursor.execute(self, *statement)
            finally:
                note(perf_counter() - started)

        def executemany(self, *statement: Any) -> None:
            started = perf_counter()
            try:
                cursor.executemany(self, *statement)
            finally:
                note(perf_counter() - started)

    def give_cursor(connection: Any, _: Any) -> None:
        connection.cursor_factory = TimedCursor

    event.listen(engine, "connect", give_cursor)


@contextmanager
def transaction(engine: Engine) -> Iterator[PoolProxiedConnection]:
    """A pooled connection with one transaction around all that is done on it: committed at the end, or not at all."""
    connection = engine.raw_connection()
    try:
        yield connection
        connection.commit()
    except BaseException as error:
        if is_disconnect(error):
            connection.invalidate(error)
            engine.dispose()
        raise
    finally:
        connection.close()  # the pool rolls back what is not committed


def run_once(engine: Engine, statement: Statement, **values: Any) -> list[Row]:
    """Run one statement as a transaction of its own: one round trip instead of three.

    When the server turns out to be gone, every pooled connection is stale: all are dropped, so that only one
    request of a process learns of a restart the hard way.
    """
    connection = engine.raw_connection()
    driver: Any = connection.driver_connection
    try:
        driver.autocommit = True
        return run(connection, statement, **values)
    except Exception as error:
        if is_disconnect(error) or driver.closed:
            connection.invalidate(error)
            engine.dispose()
        raise
    finally:
        if not driver.closed:
            driver.autocommit = False
        connection.close()
