"""The service's own books that a run is held against: its counters of actions, and its analytics of each route."""

from datetime import UTC, datetime
from functools import partial

from generator.actions import COUNTED
from generator.client import Client
from generator.logged import KEYS
from generator.reckoning import Book, Reading, read_actions
from generator.run import Run
from generator.settings import Settings
from generator.staff import Staff


def books_of(run: Run, client: Client, settings: Settings, *, is_alone: bool) -> tuple[Book, Book]:
    """The actions, which are counted by person, and the requests, which are counted whoever sent them."""
    actions = Book(
        partial(read_actions, client, run.people),
        [(person.email, kind.value) for person in run.people for kind in COUNTED],
        run.ledger,
    )
    return actions, Book(_reader_of(run, client, settings), KEYS, run.logged, is_shared=not is_alone)


def _reader_of(run: Run, client: Client, settings: Settings) -> Reading:
    staff = Staff(client, settings.staff_email, settings.staff_password, run.logged)
    # From the whole hour: minutes are forgotten some day, and a span that began within an hour would then grow.
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return partial(staff.read_routes, since)
