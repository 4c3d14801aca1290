"""Brings a database to the newest schema: roles, migrations, functions, grants, first partitions; all or nothing.

Runs as the owner, under an advisory lock, so that two starts at once do it once.
"""

from collections.abc import Mapping
from contextlib import closing
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from sql.engine import CONNECT_SECONDS, driver_url
from sql.roles import ensure_roles

LOCK_KEY = 0x57A7C4  # any number that nothing else in the database locks


def migrate(url: str, passwords: Mapping[str, str]) -> None:
    """Migrate the database at the owner's `url`; `passwords` are set for the roles that run, by name."""
    engine = create_engine(driver_url(url), connect_args={"connect_timeout": CONNECT_SECONDS})
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            ensure_roles(connection.connection.driver_connection, passwords)  # type: ignore[arg-type]  # psycopg2's
            upgrade(connection)
            for script in ("functions.sql", "grants.sql"):
                with closing(connection.connection.cursor()) as cursor:  # the driver's own: a % in a script is only a %
                    cursor.execute(resources.files("sql").joinpath(script).read_text(encoding="utf-8"))
            connection.execute(text("SELECT make_partitions(now())"))
    finally:
        engine.dispose()


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, on this connection and in its transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
