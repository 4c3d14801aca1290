"""Holds a ledger against one of the service's own books, read before the first and after the last request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from generator.client import Client
from generator.ledger import FOLDED, Comparison, Counts, Key, Ledger, compare
from generator.messages import Call, Reach, is_refusal
from generator.people import Person
from generator.scrape import parse_user_actions
from generator.staff import CountsHiddenError

# Requests that we gave up on may still be running, what is logged is told some seconds later, and a process that was
# killed often is started again only after half a minute.
SETTLE_SECONDS = 45.0
HURRIED_SECONDS = 5.0  # when somebody waits for us to stop
START_SECONDS = 60.0
STEP_SECONDS = 0.5

Reading = Callable[[], Awaitable[Counts | None]]


class ServiceAwayError(Exception):
    """The service did not get ready within the limit."""


@dataclass(frozen=True)
class Book:
    """Something that the service counts, and our ledger of it. `is_shared`: others may add to it, too.

    `read` gives None when it cannot be read now, and raises CountsHiddenError when it is not for us.
    """

    read: Reading
    keys: Sequence[Key]
    ledger: Ledger
    is_shared: bool = False


async def counts_at_start(client: Client, book: Book) -> Counts | None:
    """What the book says as soon as the service is ready; None where it may not be read.

    Raises ServiceAwayError when it does not get ready within the limit.
    """
    try:
        async for counts in _attempts(client, book, START_SECONDS):
            if counts is not None:
                return counts
    except CountsHiddenError:
        return None
    raise ServiceAwayError


async def comparison_at_end(client: Client, book: Book, before: Counts | None, limit: float) -> Comparison | None:
    """The ledger against what the book gained, once they agree or the limit is reached; None: not to be read."""
    if before is None:
        return None
    comparison = None
    try:
        async for after in _attempts(client, book, limit):
            if after is not None:
                comparison = compare(book.ledger, before, after, book.keys, is_shared=book.is_shared)
            if comparison and comparison.holds:
                break
    except CountsHiddenError:
        return None
    return comparison


async def _attempts(client: Client, book: Book, limit: float) -> AsyncIterator[Counts | None]:
    """What the book says again and again, None while the service is not ready, until the limit."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit
    while True:
        yield await book.read() if await _is_ready(client) else None
        if loop.time() >= end:
            return
        await asyncio.sleep(STEP_SECONDS)


async def _is_ready(client: Client) -> bool:
    """Without its database the service still answers /metrics, but without these counters."""
    answer = await client.send(Call("GET", "/readyz"))
    return answer.reach is Reach.ANSWERED and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR


async def read_actions(client: Client, people: Sequence[Person]) -> Counts | None:
    """The actions of these people, out of /metrics."""
    answer = await client.metrics()
    if answer.reach is Reach.ANSWERED and is_refusal(answer.status):
        raise CountsHiddenError
    if answer.status != HTTPStatus.OK or not isinstance(answer.data, str):
        return None
    return parse_user_actions(answer.data, {FOLDED} | {person.email for person in people})
