"""`python -m auth create-admin`: the first administrator, and the way back in for who was locked out."""

import click

from auth import people
from auth.commands.within_app import do_within_app


@click.command()
@click.argument("email")
@click.password_option(envvar="ADMIN_PASSWORD", help="Asked for when left out; also from ADMIN_PASSWORD.")
def create_admin(email: str, password: str) -> None:
    """Make the administrator EMAIL, or make EMAIL one when the account is there already."""
    do_within_app(lambda: people.create_admin(email, password))
