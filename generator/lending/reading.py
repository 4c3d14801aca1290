"""Reads what the service tells of the library: its totals, and each person's own loans as that person sees them.

It must not know what is compared with them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from generator.actions import Kind
from generator.calls import call_for, judge
from generator.choices import Action
from generator.client import Client
from generator.ledger import Counts, Ledger
from generator.lending.asking import loans_call
from generator.lending.figures import counts_of, parse_totals
from generator.lending.shelf import OPEN_STATUSES
from generator.lessons import begin, finish
from generator.logged import note_end, note_sending
from generator.messages import Answer, Call, Reach, is_refusal
from generator.people import Person
from generator.staff import CountsHiddenError

AT_ONCE = 16
TRIES = 4


class UntoldError(Exception):
    """The service does not tell somebody's loans now."""


async def read_totals(client: Client) -> Counts | None:
    """The library's totals, out of /metrics."""
    answer = await client.metrics()
    if answer.reach is Reach.ANSWERED and is_refusal(answer.status):
        raise CountsHiddenError
    return parse_totals(answer.data) if answer.status == HTTPStatus.OK and isinstance(answer.data, str) else None


@dataclass(frozen=True)
class Borrowers:
    """The people of a run, who look what they have; a page that is asked for is noted in `logged`, as theirs are."""

    client: Client
    people: Sequence[Person]
    logged: Ledger

    async def read_loans(self) -> Counts | None:
        """What each got and gave back since their first look in this run; None when it cannot be told now."""
        gate = asyncio.Semaphore(AT_ONCE)
        known = [person for person in self.people if not person.shelf.unread]
        told = await asyncio.gather(*(self._counts_of(person, gate) for person in known))
        return None if None in told else {key: count for counts in told if counts for key, count in counts.items()}

    async def _counts_of(self, person: Person, gate: asyncio.Semaphore) -> Counts | None:
        try:
            async with gate:
                told = await self._pages(person, "", person.shelf.newest)
                open_now = [loan for status in OPEN_STATUSES for loan in await self._pages(person, status, 0)]
        except UntoldError:
            return None
        return counts_of(person.email, person.shelf, told, {int(loan["id"]) for loan in open_now})

    async def _pages(self, person: Person, status: str, oldest: int) -> list[dict[str, Any]]:
        """A person's loans from the newest on, until one that is as old as `oldest`."""
        loans: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self._page(person, status, cursor)
            loans += page["items"]
            if page["next"] is None or int(loans[-1]["id"]) <= oldest:
                return loans
            cursor = str(page["next"])

    async def _page(self, person: Person, status: str, cursor: str) -> dict[str, Any]:
        if person.session is None:
            await self._sign_in(person)
        token = person.session.token if person.session else ""
        answer = await self._ask(loans_call(status, {"Authorization": f"Bearer {token}"}, cursor))
        if answer.reach is Reach.ANSWERED and answer.status == HTTPStatus.UNAUTHORIZED:
            person.session = None  # it has ended; the next try signs in again
        if answer.status != HTTPStatus.OK:
            raise UntoldError
        page: dict[str, Any] = answer.data["data"]
        return page

    async def _sign_in(self, person: Person) -> None:
        action = Action(Kind.SIGN_IN, person, 0)
        begin(action, 0.0)
        answer = await self._ask(call_for(action, datetime.now(UTC).date()))
        finish(action, answer, judge(Kind.SIGN_IN, answer), 0.0)

    async def _ask(self, call: Call) -> Answer:
        """Asked again when the answer was lost: reading changes nothing, and a sign-in too many hurts nobody."""
        for _ in range(TRIES):
            note_sending(self.logged, call)
            answer = await self.client.send(call)
            note_end(self.logged, call, answer)
            if answer.reach is not Reach.LOST:
                break
        return answer
