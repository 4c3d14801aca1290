"""The roles that run, made and given their passwords by the owner. What they may do stands in grants.sql."""

from collections.abc import Mapping

from psycopg2 import extensions
from psycopg2 import sql as composed

ROLES = ("watchhouse_auth", "watchhouse_collector", "watchhouse_reader", "watchhouse_monitor")


def ensure_roles(connection: extensions.connection, passwords: Mapping[str, str]) -> None:
    """Make each role that is missing; set the password of each that `passwords` names."""
    with connection.cursor() as cursor:
        for role in ROLES:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if cursor.fetchone() is None:
                cursor.execute(
                    composed.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE").format(
                        composed.Identifier(role)
                    )
                )
        for role, password in passwords.items():
            cursor.execute(
                composed.SQL("ALTER ROLE {} PASSWORD {}").format(composed.Identifier(role), composed.Literal(password))
            )
        cursor.execute(composed.SQL("SELECT current_database()"))
        database = cursor.fetchone()[0]  # type: ignore[index]  # the statement always gives one row
        cursor.execute(
            composed.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                composed.Identifier(database), composed.SQL(", ").join(map(composed.Identifier, ROLES))
            )
        )
