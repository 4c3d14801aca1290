"""Which copies were not fetched by whom they were held for? They go to the next of the line, who is mailed.

Each free copy that somebody waits for is given, however it came free; and who is disabled waits for nothing.
PostgreSQL wrote until when they are held and judges it: by a clock that is ahead a whole line would end in one run.
"""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter
from sqlalchemy.pool import PoolProxiedConnection

from collector.job import Context, Job
from common.lending_mails import copies_are_ready
from sql import statements
from sql.engine import transaction
from sql.statements import Row
from sql.statements import run as execute

EVERY = timedelta(minutes=1)
MOST_BOOKS = 1000  # of one transaction

loans = statements.load("loans")
sql = statements.load("holds")


class Metrics:
    """What became of places."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._settled = Counter(
            "watchhouse_reservations_settled_total",
            "Places in lines for books that this collector ended or made ready, by outcome",
            ["outcome"],
            registry=registry,
        )
        self.note(0, 0, 0)

    def note(self, expired: int, cancelled: int, ready: int) -> None:
        """Count them."""
        for outcome, places in (("expired", expired), ("cancelled", cancelled), ("ready", ready)):
            self._settled.labels(outcome).inc(places)


def settle(context: Context[Metrics]) -> int:
    """One transaction; how many places it settled."""
    hold = timedelta(days=context.settings.reservation_hold_days)
    with transaction(context.engine) as connection:
        books = [book for (book,) in execute(connection, sql.lock_unsettled_books, most=MOST_BOOKS)]
        if not books:
            return 0
        [(expired, cancelled)] = execute(connection, sql.end_places, book_ids=books)
        ready = execute(connection, loans.pass_on_copies, book_ids=books, hold=hold)
        tell(connection, ready)
    context.metrics.note(expired, cancelled, len(ready))
    return int(expired + cancelled + len(ready))


def tell(connection: PoolProxiedConnection, ready: list[Row]) -> None:
    """Queue a mail to each who may fetch a book."""
    if ready:
        execute(connection, sql.queue_waiting_mails, mails=copies_are_ready(ready))


def run(context: Context[Metrics]) -> None:
    """Settle until nothing is left."""
    while settle(context) and not context.stopping.is_set():
        pass


JOB = Job(name="pass_holds", every=EVERY, grace=None, run=run, metrics=Metrics)
