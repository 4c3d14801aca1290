"""`python -m auth migrate`: needs the owner's URL and the roles' passwords, and nothing of the application."""

import click

from auth.commands.starting import settings_or_exit
from auth.settings import OwnerSettings
from common.settings import read
from sql.migrate import migrate as migrate_database


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema, as its owner; safe to run at any time, also twice at once."""
    owner = settings_or_exit(lambda environment: read(OwnerSettings, environment))
    migrate_database(
        owner.owner_url,
        {
            "watchhouse_auth": owner.auth_password,
            "watchhouse_collector": owner.collector_password,
            "watchhouse_reader": owner.reader_password,
            "watchhouse_monitor": owner.monitor_password,
        },
    )
    click.echo("The database is at the newest schema.")
