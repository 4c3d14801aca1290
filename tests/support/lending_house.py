"""An auth of several workers and a PostgreSQL of their own that tests may kill, for lending; and whether all agrees."""

import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import psutil
import psycopg2

from standalone.postgres import Server
from tests.support.databases import Database, throw_away
from tests.support.journal_house import await_database, revive
from tests.support.own_server import run_own_server
from tests.support.ports import free_port
from tests.support.processes import Running, start_auth
from tests.support.readers import Reader
from tests.support.visitor import sign_up
from tests.support.waiting import wait_for

SECRET = "what this house signs its tokens with, in a test"
WORKERS = 4
UNEQUAL = Path(__file__).with_name("unequal_lending.sql").read_text(encoding="utf-8")
PEOPLE = """
    WITH people AS (
        INSERT INTO app_users (email, password_hash, role)
        SELECT gen_random_uuid() || '@example.com', 'none', %s FROM generate_series(1, %s)
        RETURNING id
    )
    INSERT INTO sessions (user_id, kind, expires_at) SELECT id, 'login', now() + interval '1 hour' FROM people
    RETURNING user_id::text, id::text
"""
BOOKS = """
    INSERT INTO books (title, category, copies_total, copies_available)
    SELECT 'Book of ' || copies, 'Trials', copies, copies FROM unnest(%s) copies
    RETURNING id
"""
WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@dataclass
class LendingHouse:
    """All of it on one host."""

    folder: Path
    server: Server
    database: Database
    auth: Running
    token: str

    def enroll(self, count: int, role: str = "student") -> list[Reader]:
        """People, signed in: each has a token like that of somebody who registered, in a tenth of a second less."""
        claims = jwt.decode(self.token, SECRET, algorithms=["HS256"])
        return [
            Reader(user, self.auth.url, jwt.encode({**claims, "jti": str(uuid4()), "sub": user, "sid": sid}, SECRET))
            for user, sid in self.database.rows(PEOPLE, role, count)
        ]

    def add_books(self, *copies: int) -> list[int]:
        """One title for each, with so many copies."""
        return [book for (book,) in self.database.rows(BOOKS, list(copies))]

    def unequal(self) -> list[Any]:
        """All that is counted and does not agree with what it counts."""
        return self.database.rows(UNEQUAL)

    def kill_worker(self) -> None:
        """One that serves; the arbiter makes another."""
        workers = wait_for(psutil.Process(self.auth.process.pid).children, seconds=30, what="workers")
        workers[0].send_signal(signal.SIGKILL)

    def kill_auth(self) -> None:
        """The arbiter and all workers; it is started again on its port."""
        arbiter = psutil.Process(self.auth.process.pid)
        workers = arbiter.children()
        self.auth.kill()
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
        psutil.wait_procs(workers, timeout=10)
        self.auth = _start_auth(self.database, self.folder, self.auth.url.rpartition(":")[2])

    def kill_backend(self) -> None:
        """One that is in the middle of a change; PostgreSQL then ends all its sessions and recovers."""
        with closing(psycopg2.connect(self.database.owner_url)) as witness, witness.cursor() as cursor:
            psutil.Process(self.blocked()[0]).send_signal(signal.SIGKILL)
            wait_for(lambda: _is_ended(cursor), seconds=30, what="PostgreSQL has noticed")

    def kill_database(self) -> None:
        """The whole server."""
        revive(self.server)

    def blocked(self) -> list[int]:
        """The backends that wait for somebody's row."""
        return wait_for(
            lambda: [pid for (pid,) in self.database.rows(WAITING)], seconds=30, what="somebody is in the middle"
        )

    @contextmanager
    def held(self, book: int) -> Iterator[None]:
        """Whoever would change the book is stopped in the middle of that, until the end of the block."""
        connection = psycopg2.connect(self.database.owner_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT FROM books WHERE id = %s FOR UPDATE", [book])
            yield
        finally:
            connection.close()

    def await_service(self) -> None:
        """Everything that was killed is there again."""
        await_database(self.database)


def _is_ended(cursor: Any) -> bool:
    """Whether the session is over."""
    try:
        cursor.execute("SELECT")
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        return True
    return False


@contextmanager
def run_lending_house(folder: Path) -> Iterator[LendingHouse]:
    """All of it until the end of the block."""
    with run_own_server(folder) as (quick, server), throw_away(server) as database:
        yield from _run_auth(quick, server, database)


def _run_auth(folder: Path, server: Server, database: Database) -> Iterator[LendingHouse]:
    auth = _start_auth(database, folder, str(free_port()))
    house = LendingHouse(folder, server, database, auth, "")
    try:
        house.token = sign_up(auth.url).token
        yield house
    finally:
        house.auth.stop()


def _start_auth(database: Database, folder: Path, port: str) -> Running:
    return start_auth(database, folder, AUTH_PORT=port, AUTH_WORKERS=str(WORKERS), SECRET_KEY=SECRET)
