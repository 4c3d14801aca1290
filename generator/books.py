"""The service's own books that a run is held against: its counters, people's own loans, its analytics of each route."""

from datetime import UTC, datetime
from functools import partial

from generator.actions import COUNTED
from generator.client import Client
from generator.lending import figures
from generator.lending.reading import Borrowers, read_totals
from generator.logged import KEYS
from generator.reckoning import Book, Reading, read_actions
from generator.run import Run
from generator.staff import Staff


def books_of(run: Run, client: Client, staff: Staff, *, is_alone: bool) -> dict[str, Book]:
    """The actions and loans, which are counted by person, and what is counted whoever did it.

    The requests come last: to read the others may be a request that is counted, too.
    """
    emails = [person.email for person in run.people]
    is_shared = not is_alone
    borrowers = Borrowers(client, run.people, run.logged)
    return {
        "ledger": Book(
            partial(read_actions, client, run.people),
            [(email, kind.value) for email in emails for kind in COUNTED],
            run.ledger,
        ),
        "library": Book(partial(read_totals, client), figures.KEYS, run.lent, is_shared=is_shared),
        "loans": Book(borrowers.read_loans, figures.keys_of_people(emails), run.lent),
        "requests": Book(_reader_of(staff), KEYS, run.logged, is_shared=is_shared),
    }


def _reader_of(staff: Staff) -> Reading:
    # From the whole hour: minutes are forgotten some day, and a span that began within an hour would then grow.
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return partial(staff.read_routes, since)
