"""One connection with a transaction around the whole test, in place of a pool: nothing of a test stays.

The application commits and rolls back as ever; here those become savepoints within the outer transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_INERROR, connection
from sqlalchemy.pool import StaticPool

MARK = "SAVEPOINT within_the_test"
BEFORE = "SAVEPOINT before_what_is_undone"
AS_AUTH = "SET LOCAL ROLE watchhouse_auth"
AS_COLLECTOR = "SET LOCAL ROLE watchhouse_collector"


class OuterTransaction(connection):
    """A driver's connection whose own transaction outlives every commit made through it. It has auth's rights."""

    alone = False

    def begin(self) -> None:
        """Start the outer transaction."""
        self._say("BEGIN; " + AS_AUTH + "; " + MARK)

    def end(self) -> None:
        """Undo all that was done since."""
        self._say("ROLLBACK")

    @contextmanager
    def as_collector(self) -> Iterator[None]:
        """With the collector's rights meanwhile: what it finds, tests write in its place."""
        self._say(AS_COLLECTOR)
        yield
        self._say(AS_AUTH)
        self.commit()  # a rollback to a savepoint also brings the rights back that it was made with

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What is committed meanwhile is undone at the end, and nothing that was committed before."""
        self._say("RELEASE " + MARK + "; " + BEFORE + "; " + MARK)
        try:
            yield
        finally:
            self._say("ROLLBACK TO " + BEFORE + "; RELEASE " + BEFORE + "; " + MARK)

    def commit(self) -> None:
        self._say("RELEASE " + MARK + "; " + MARK)

    def rollback(self) -> None:
        self._say("ROLLBACK TO " + MARK)

    @property  # type: ignore[override]  # the driver's own would end the outer transaction
    def autocommit(self) -> bool:
        return self.alone

    @autocommit.setter
    def autocommit(self, alone: bool) -> None:
        """Leaving autocommit keeps what was done in it, unless it failed."""
        if self.alone and not alone:
            failed = self.info.transaction_status == TRANSACTION_STATUS_INERROR
            (self.rollback if failed else self.commit)()
        self.alone = alone

    def _say(self, text: str) -> None:
        with self.cursor() as cursor:
            cursor.execute(text)


def open_outer(url: str) -> OuterTransaction:
    """A connection to `url`, the superuser's, that is in no transaction yet."""
    opened = psycopg2.connect(url, connection_factory=OuterTransaction, options="-c timezone=UTC")
    psycopg2.extensions.connection.set_session(opened, autocommit=True)  # BEGIN is ours to say
    return opened


def engine_options_for(outer: OuterTransaction) -> dict[str, Any]:
    """Options that make an engine use `outer` and nothing else."""
    return {"creator": lambda: outer, "poolclass": StaticPool}
