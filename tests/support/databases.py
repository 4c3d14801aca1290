"""A real PostgreSQL for the tests, and throw-away databases cloned from a migrated one."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from sql.migrate import migrate
from sql.roles import ROLES
from standalone.postgres import Server

OWNER_PASSWORD = "metrics, as the tests have it, and long enough"
PASSWORDS = {role: f"{role}, as the tests have it" for role in ROLES}
INIT = Path(__file__).parents[2] / "sql" / "init.sql"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """A migrated database of its own; what is done in it is committed."""

    server: Server
    name: str

    @property
    def owner_url(self) -> str:
        return self.server.url("metrics", OWNER_PASSWORD, self.name)

    @property
    def auth_url(self) -> str:
        return self._url_of("watchhouse_auth")

    @property
    def collector_url(self) -> str:
        return self._url_of("watchhouse_collector")

    @property
    def reader_url(self) -> str:
        return self._url_of("watchhouse_reader")

    @property
    def monitor_url(self) -> str:
        return self._url_of("watchhouse_monitor")

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement gives the owner, committed."""
        return query(self.owner_url, statement, *values)

    def one(self, statement: str, *values: Any) -> Any:
        """The only value of the only row."""
        [(value,)] = self.rows(statement, *values)
        return value

    def _url_of(self, role: str) -> str:
        return self.server.url(role, PASSWORDS[role], self.name)


def query(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a statement gives at `url`, committed."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def prepare_template(server: Server) -> None:
    """Make the roles and the database `metrics`, migrated: the template of all throw-away ones."""
    server.run_script(INIT, {"METRICS_PASSWORD": OWNER_PASSWORD})
    migrate(server.url("metrics", OWNER_PASSWORD, "metrics"), PASSWORDS)


@contextmanager
def throw_away(server: Server) -> Iterator[Database]:
    """A clone of the template, dropped in the end."""
    name = f"clone_{next(_numbers)}"
    _as_superuser(server, f"CREATE DATABASE {name} TEMPLATE metrics OWNER metrics STRATEGY file_copy")
    _as_superuser(server, f"REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM PUBLIC")
    _as_superuser(server, f"GRANT CONNECT ON DATABASE {name} TO {', '.join(ROLES)}")
    try:
        yield Database(server, name)
    finally:
        _as_superuser(server, f"DROP DATABASE {name} WITH (FORCE)")


def _as_superuser(server: Server, statement: str) -> None:
    connection = psycopg2.connect(server.superuser_url())
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
