"""`python -m auth demo-data`: what a demo has to show; refused where nobody said that it is one."""

import click

from auth import people
from auth.books.demo import make_demo_library
from auth.commands.within_app import do_within_app


@click.command()
def demo_data() -> None:
    """Make the demo's people and its library; what is there already stays as it is."""
    do_within_app(lambda: f"{people.make_demo_people()}\n{make_demo_library()}")
