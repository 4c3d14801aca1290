"""A change of state becomes news in the very transaction that stores it: neither is ever there without the other.

Called by the recorder, which holds the changed endpoints' rows of `endpoint_states` locked.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting import outages, texts
from collector.alerting.news import CHANGES, News, queue
from collector.alerting.outages import Fall, Recovery
from collector.alerting.silencing import Silencing, read_silencing
from collector.states.steps import Change
from common.states import MAJOR_OUTAGE, OPERATIONAL, UNKNOWN
from sql import statements
from sql.statements import run

sql = statements.load("alerts")


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """A change of one endpoint, and the kind of failure that its check met, if any."""

    endpoint_id: int
    name: str
    change: Change
    reason: str | None = None


def on_change(connection: PoolProxiedConnection, changes: Sequence[EndpointChange], now: datetime) -> None:
    """Open and resolve what follows from the changes, and queue what is to be told."""
    worth_telling = [one for one in changes if not _is_first_good(one.change)]
    if not worth_telling:
        return
    silencing = read_silencing(connection, {one.endpoint_id for one in worth_telling}, now)
    news = [piece for together in rounds(worth_telling) for piece in _follow(connection, together, silencing, now)]
    queue(connection, news)
    run(connection, sql.call_followers)


def rounds(changes: Sequence[EndpointChange]) -> Iterator[list[EndpointChange]]:
    """The changes so that each endpoint has at most one in a round, in its own order."""
    by_endpoint: dict[int, list[EndpointChange]] = {}
    for one in changes:
        by_endpoint.setdefault(one.endpoint_id, []).append(one)
    for together in zip_longest(*by_endpoint.values()):
        yield [one for one in together if one is not None]


def _is_first_good(change: Change) -> bool:
    return change.kind == "changed" and (change.before, change.after) == (UNKNOWN, OPERATIONAL)


def _follow(
    connection: PoolProxiedConnection, changes: Sequence[EndpointChange], silencing: Silencing, now: datetime
) -> list[News]:
    falls = [
        _fall(one, silencing) for one in changes if _falls(one.change) and one.endpoint_id not in silencing.unwatched
    ]
    recoveries = [_recovery(one) for one in changes if _recovers(one.change)]
    return [
        *outages.begin(connection, falls, now),
        *outages.end(connection, recoveries, now),
        *_tell_rest(changes, silencing),
    ]


def _falls(change: Change) -> bool:
    return change.kind == "changed" and change.after == MAJOR_OUTAGE


def _recovers(change: Change) -> bool:
    return change.kind == "changed" and change.before == MAJOR_OUTAGE


def _fall(one: EndpointChange, silencing: Silencing) -> Fall:
    reason = silencing.reason(one.endpoint_id, one.change.at)
    return Fall(one.endpoint_id, one.name, one.change.at, one.reason, bool(reason) or one.change.is_held)


def _recovery(one: EndpointChange) -> Recovery:
    return Recovery(one.endpoint_id, one.name, one.change.after, one.change.at)


def _tell_rest(changes: Iterable[EndpointChange], silencing: Silencing) -> list[News]:
    """Changes that are no outage: told at once or not at all. Of one that flapped into an outage the followers tell."""
    return [
        _news_of(one)
        for one in changes
        if not (_falls(one.change) or _recovers(one.change) or one.change.is_held)
        and (one.change.kind, one.change.after) != ("steady", MAJOR_OUTAGE)
        and silencing.reason(one.endpoint_id) is None
    ]


def _news_of(one: EndpointChange) -> News:
    name, change = texts.one_line(one.name), one.change
    if change.kind == "flapping":
        body = f"{one.name} changes too often. No more is told of it until it has been steady for a while."
        return News(CHANGES, f"{name} is flapping", body)
    if change.kind == "steady":
        return News(CHANGES, f"{name} is steady again", texts.state_now(one.name, change.after))
    return News(CHANGES, texts.state_is(name, change.after), texts.state_since(one.name, change.after, change.at))
