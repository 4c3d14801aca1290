"""Which loans have run out? They are overdue from then on; whoever is concerned is told once.

PostgreSQL wrote when they run out and judges it, so the clock of a collector's machine has no say.
Marked and told in one transaction: a collector that is killed leaves both or neither. Who has the books gets a mail, be
it of several; who looks after them one for all, with titles and no names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter
from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting import news
from collector.alerting.finding import as_json
from collector.alerting.news import ALERTS, News
from collector.alerting.texts import one_line
from collector.job import Context, Job
from sql import statements
from sql.engine import transaction
from sql.statements import run as execute

EVERY = timedelta(minutes=1)
MOST_PEOPLE = 10_000  # of one transaction: a whole house on the first day of term
MOST_LISTED = 20

sql = statements.load("overdue")


class Metrics:
    """What was found."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.marked = Counter(
            "watchhouse_loans_overdue_total", "Loans that this collector found overdue", registry=registry
        )


@dataclass(frozen=True, slots=True)
class LateLoan:
    """A loan that was found overdue, as `mark_overdue` returns it."""

    id: int
    user_id: str
    title: str
    due_at: datetime

    @property
    def line(self) -> str:
        """The book, and when it was to be back."""
        return f"{one_line(self.title)}, due {self.due_at:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to who has the book of a loan."""

    loan_id: int
    subject: str
    body: str


def letters_of(loans: Iterable[LateLoan]) -> list[Letter]:
    """One to each who has such a book."""
    by_person: dict[str, list[LateLoan]] = {}
    for loan in loans:
        by_person.setdefault(loan.user_id, []).append(loan)
    return [_letter(own) for own in by_person.values()]


def _letter(loans: Sequence[LateLoan]) -> Letter:
    first, *others = loans
    what = f"{len(loans)} books" if others else one_line(first.title)
    lines = "\n".join(loan.line for loan in loans)
    return Letter(first.id, f"Overdue: {what}", f"To be returned, please:\n\n{lines}\n")


def summary_of(loans: Sequence[LateLoan]) -> tuple[str, str]:
    """The same for who looks after the books: subject and body."""
    listed = [loan.line for loan in loans[:MOST_LISTED]]
    more = [f"and {len(loans) - MOST_LISTED:,} more"] if len(loans) > MOST_LISTED else []
    what = f"{len(loans):,} loans are overdue" if len(loans) > 1 else f"{one_line(loans[0].title)} is overdue"
    return what, "\n".join([f"{what}:" if len(loans) > 1 else "Not returned:", "", *listed, *more, ""])


def mark(context: Context[Metrics]) -> int:
    """One transaction; how many loans it marked."""
    with transaction(context.engine) as connection:
        [(is_ours,)] = execute(connection, sql.take_overdue_work)
        if not is_ours:
            return 0
        rows = execute(connection, sql.mark_overdue, most=MOST_PEOPLE)
        loans = [LateLoan(*row) for row in rows]
        if loans:
            tell(connection, loans)
    context.metrics.marked.inc(len(loans))
    return len(loans)


def tell(connection: PoolProxiedConnection, loans: Sequence[LateLoan]) -> None:
    """Queue it all in the transaction that runs."""
    subject, body = summary_of(loans)
    execute(connection, sql.queue_borrower_mails, mails=as_json(letters_of(loans)))
    execute(connection, sql.queue_librarian_mails, subject=subject, body=body)
    news.queue(connection, [News(ALERTS, subject, body)])


def run(context: Context[Metrics]) -> None:
    """Mark until nothing is left."""
    while mark(context) and not context.stopping.is_set():
        pass


JOB = Job(name="mark_overdue", every=EVERY, grace=None, run=run, metrics=Metrics)
