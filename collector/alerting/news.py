"""News: what channels are told, and of which kinds it is. Queued with its cause; who sends it knows no cause."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import as_json
from sql import statements
from sql.statements import run

CHANGES = ("changes",)
INCIDENTS = ("incidents",)
ALERTS = ("alerts",)
# The beginning and the end of an outage are both: whoever chose either hears of them, and whoever chose both once.
OUTAGES = ("changes", "alerts")

sql = statements.load("notifications")


@dataclass(frozen=True, slots=True)
class News:
    """Something to tell."""

    kinds: tuple[str, ...]
    subject: str
    body: str


def queue(connection: PoolProxiedConnection, news: Sequence[News]) -> None:
    """Queue it in the transaction that runs, for all channels that chose its kinds."""
    if news:
        run(connection, sql.queue_many_notifications, news=as_json(news))
