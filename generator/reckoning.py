"""Holds the ledger against the service's own counters, read before the first and after the last request."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus

from generator.actions import COUNTED
from generator.calls import Call, Reach, is_refusal
from generator.client import Client
from generator.ledger import FOLDED, Comparison, Counts, Ledger, compare
from generator.people import Person
from generator.scrape import parse_user_actions

# Requests that we gave up on may still be running; their counts come when they end.
SETTLE_SECONDS = 10.0
START_SECONDS = 60.0
STEP_SECONDS = 0.5


class ServiceAwayError(Exception):
    """The service did not get ready within the limit."""


class CountsHiddenError(Exception):
    """The service is there, but does not show us its /metrics."""


async def counts_at_start(client: Client, people: Sequence[Person]) -> Counts | None:
    """The counters of these people as soon as the service is ready; None where /metrics may not be read.

    Raises ServiceAwayError when it does not get ready within the limit.
    """
    try:
        async for counts in _attempts(client, people, START_SECONDS):
            if counts is not None:
                return counts
    except CountsHiddenError:
        return None
    raise ServiceAwayError


async def comparison_at_end(
    client: Client, people: Sequence[Person], ledger: Ledger, before: Counts
) -> Comparison | None:
    """The ledger against what the counters gained, once they hold or the limit is reached; None: not to be read."""
    keys = [(person.email, kind.value) for person in people for kind in COUNTED]
    comparison = None
    try:
        async for after in _attempts(client, people, SETTLE_SECONDS):
            comparison = None if after is None else compare(ledger, before, after, keys)
            if comparison and comparison.holds:
                break
    except CountsHiddenError:
        return None
    return comparison


async def _attempts(client: Client, people: Sequence[Person], limit: float) -> AsyncIterator[Counts | None]:
    """The counters again and again, None while the service is not ready, until the limit."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit
    while True:
        yield await _read_counts(client, people) if await _is_ready(client) else None
        if loop.time() >= end:
            return
        await asyncio.sleep(STEP_SECONDS)


async def _is_ready(client: Client) -> bool:
    """Without its database the service still answers /metrics, but without these counters."""
    answer = await client.send(Call("GET", "/readyz"))
    return answer.reach is Reach.ANSWERED and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR


async def _read_counts(client: Client, people: Sequence[Person]) -> Counts | None:
    answer = await client.metrics()
    if answer.reach is Reach.ANSWERED and is_refusal(answer.status):
        raise CountsHiddenError
    if answer.status != HTTPStatus.OK or not isinstance(answer.data, str):
        return None
    return parse_user_actions(answer.data, {FOLDED} | {person.email for person in people})
