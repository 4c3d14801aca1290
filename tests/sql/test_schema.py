"""The schema in one piece: models, migrations, grants and statements say the same."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from sql.engine import driver_url
from sql.migrate import migrate
from sql.models import Base
from sql.statements import Statement, parse
from standalone.postgres import Server
from tests.support.databases import OWNER_PASSWORD, PASSWORDS, Database, prepare_template, query, throw_away
from tests.support.ports import free_port

SQL = Path(__file__).parents[2] / "sql"
OLDEST = Path("/usr/lib/postgresql/15/bin")
STATEMENTS = {
    f"{file.stem}.{found.name}": found
    for file in sorted((SQL / "queries").glob("*.sql"))
    for found in parse(file.read_text())
}

TABLE_GRANTS = """
    SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND (grantee LIKE 'watchhouse%%' OR grantee = 'PUBLIC')
      AND table_name NOT IN (SELECT relname FROM pg_class WHERE relispartition)
"""
COLUMN_GRANTS = """
    SELECT c.grantee, c.table_name, c.column_name, c.privilege_type FROM information_schema.column_privileges c
    WHERE c.table_schema = 'public' AND c.grantee LIKE 'watchhouse%%' AND NOT EXISTS (
        SELECT FROM information_schema.role_table_grants t
        WHERE (t.grantee, t.table_name, t.privilege_type) = (c.grantee, c.table_name, c.privilege_type))
"""
FUNCTION_GRANTS = """
    SELECT grantee, routine_name, privilege_type FROM information_schema.role_routine_grants
    WHERE routine_schema = 'public' AND (grantee LIKE 'watchhouse%%' OR grantee = 'PUBLIC')
"""
OF_LOCKS = [
    ("device_commands", "params"),
    ("device_commands", "ip_address"),
    ("access_pins", "verifier"),
    ("device_logs", "ip_address"),
]
GRANT = re.compile(r"^GRANT ([^;]+?) ON (FUNCTION )?([^;]+?) TO ([^;]+);", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The oldest PostgreSQL that is supported, with the same schema."""
    server = Server(tmp_path_factory.mktemp("oldest") / "cluster", port=free_port(), password="x" * 40, programs=OLDEST)
    server.start()
    try:
        prepare_template(server)
        yield server
    finally:
        server.stop()


def test_models_equal_the_migrated_database(database: Database) -> None:
    engine = create_engine(driver_url(database.owner_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_name": _is_no_partition,
            },
        )
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def _is_no_partition(name: str | None, kind: str, _: object) -> bool:
    return not (kind == "table" and re.search(r"_\d{6,8}$", name or ""))


def test_named_constraints_equal_the_models(database: Database) -> None:
    engine = create_engine(driver_url(database.owner_url))
    inspector = inspect(engine)
    for table in Base.metadata.tables.values():
        declared = {str(found.name) for found in table.constraints if hasattr(found, "sqltext")}
        real = {found["name"] for found in inspector.get_check_constraints(table.name)}
        assert real == declared, table.name
    engine.dispose()


def test_check_constraints_hold_the_same_rule_as_the_models(database: Database) -> None:
    """Both are printed by PostgreSQL itself, the model's after being added beside the migrated one."""
    for table in Base.metadata.tables.values():
        for check in table.constraints:
            if not hasattr(check, "sqltext"):
                continue
            database.rows(f"ALTER TABLE {table.name} ADD CONSTRAINT twin CHECK ({check.sqltext.text})")
            printed = database.rows(
                "SELECT DISTINCT pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE conrelid = %s::regclass AND conname IN ('twin', %s)",
                table.name,
                str(check.name),
            )
            assert len(printed) == 1, (table.name, check.name, printed)
            database.rows(f"ALTER TABLE {table.name} DROP CONSTRAINT twin")


def test_grants_equal_the_file(database: Database) -> None:
    tables, columns, functions = set(), set(), set()
    for privileges, function, objects, roles in GRANT.findall((SQL / "grants.sql").read_text()):
        for role in re.split(r",\s*", roles):
            if privileges == "USAGE":
                continue
            if function:
                functions |= {(role, name, "EXECUTE") for name in re.findall(r"(\w+)\(", objects)}
            elif found := re.fullmatch(r"(\w+)\s*\((.*)\)", privileges, re.DOTALL):
                columns |= {(role, objects, column.strip(), found[1]) for column in found[2].split(",")}
            else:
                tables |= {
                    (role, table.strip(), privilege.strip())
                    for table in objects.split(",")
                    for privilege in privileges.split(",")
                }
    assert set(database.rows(TABLE_GRANTS)) == tables
    assert set(database.rows(COLUMN_GRANTS)) == columns
    assert set(database.rows(FUNCTION_GRANTS)) == functions


def test_no_role_that_runs_may_change_the_schema(database: Database) -> None:
    for url in (database.auth_url, database.collector_url, database.reader_url, database.monitor_url):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(url, "CREATE TABLE public.mine (id int)")


def test_the_reader_sees_no_hash_token_or_address(database: Database) -> None:
    for table in ("sessions", "one_time_tokens", "outbox", "idempotency_keys"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(database.reader_url, f"SELECT * FROM {table}")
    for column in ("password_hash", "email", "phone", "last_login_ip"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(database.reader_url, f"SELECT {column} FROM app_users")
    for table, column in OF_LOCKS:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(database.reader_url, f"SELECT {column} FROM {table}")


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_every_statement_prepares_on_the_newest(server: Server, statement: Statement) -> None:
    assert _prepares(server, statement)


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_every_statement_prepares_on_the_oldest(oldest: Server, statement: Statement) -> None:
    assert _prepares(oldest, statement)


def _prepares(server: Server, statement: Statement) -> bool:
    url = server.url("metrics", OWNER_PASSWORD, "metrics")
    query(url, statement.prepare.replace("%", "%%"))  # the driver reads a % as a place for a value
    return statement.name in statement.prepare


def test_every_statement_uses_all_its_parameters() -> None:
    for name, statement in STATEMENTS.items():
        used = {int(number) for number in re.findall(r"\$(\d+)", statement.text)}
        assert used == set(range(1, len(statement.names) + 1)), name


def test_migrating_again_changes_nothing(server: Server) -> None:
    with throw_away(server) as database:
        before = _print_schema(database)
        migrate(database.owner_url, PASSWORDS)
        assert _print_schema(database) == before


def _print_schema(database: Database) -> list[tuple[object, ...]]:
    return database.rows("""
        SELECT c.relname, c.relkind, c.relacl::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition ORDER BY 1, 4
    """)
