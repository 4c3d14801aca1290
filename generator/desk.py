"""The desk of the house: a member of staff looks at people's papers, one after another, soon after they registered.

Most have them with them, and are verified. What is asked is noted with the other requests. It must not know what people
do else.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from generator.logged import ACCOUNTS, ONE_ACCOUNT
from generator.messages import Answer, Call, is_refusal
from generator.people import Person
from generator.staff import CountsHiddenError, Staff

SECONDS_A_PERSON = 1.0
WITHOUT_PAPERS_ONE_IN = 10
_NOT_NOW = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})  # of answers that refuse
_ANOTHER_SHAPE = (AttributeError, KeyError, TypeError)  # of an answer, than the contract's
_PROFESSIONS = frozenset({"teacher", "librarian"})


@dataclass
class Desk:
    """Where `people` come with their papers; `verified` is how many were, `_received` whose turn is over."""

    staff: Staff
    people: Sequence[Person]
    verified: int = 0
    _received: set[int] = field(default_factory=set)

    async def serve(self, closing: asyncio.Event) -> None:
        """One person after another until it closes; nobody where we are no staff, and people go on without."""
        pause = SECONDS_A_PERSON
        try:
            while not await _comes_true(closing, pause):
                pause = max(SECONDS_A_PERSON, await self._receive_next())
        except (CountsHiddenError, *_ANOTHER_SHAPE):
            return

    async def _receive_next(self) -> float:
        """The turn of the next in the line; the seconds for which the service asked us to wait then."""
        self._received &= {person.number for person in self.people if person.is_registered}
        person = next((person for person in self.people if self._is_waiting(person)), None)
        if person is None:
            return 0.0
        found = await self.staff.send(Call("GET", ACCOUNTS, query={"q": person.email}))
        if found is not None and found.status == HTTPStatus.FORBIDDEN:
            raise CountsHiddenError
        if found is None or found.status != HTTPStatus.OK:
            return self._end_turn(person, found)
        account = account_of(person.email, found.data)
        lacking = lacking_of(account)
        if not lacking:
            self._received.add(person.number)
            return 0.0
        call = Call("PATCH", f"{ACCOUNTS}{account['id']}/", lacking, template=ONE_ACCOUNT)
        changed = await self.staff.send(call)
        self.verified += changed is not None and changed.status == HTTPStatus.OK
        return self._end_turn(person, changed)

    def _is_waiting(self, person: Person) -> bool:
        has_papers = person.number % WITHOUT_PAPERS_ONE_IN > 0
        return has_papers and person.is_registered and person.number not in self._received

    def _end_turn(self, person: Person, answer: Answer | None) -> float:
        """Over, unless the service could not say; then this person is received again."""
        if answer is None:
            return 0.0
        if answer.status == HTTPStatus.OK or (is_refusal(answer.status) and answer.status not in _NOT_NOW):
            self._received.add(person.number)
        return answer.retry_after or 0.0


def account_of(email: str, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """The account with this e-mail, of those that were found by it; empty when it is not among them."""
    return next((account for account in told["data"]["items"] if account["email"] == email), {})


def lacking_of(account: Mapping[str, Any]) -> dict[str, bool]:
    """What is to be verified of an account; nothing of one that is not there."""
    shown = ["email_verified", "identity_verified"]
    if account.get("role") in _PROFESSIONS:
        shown.append("professional_verified")
    return {name: True for name in shown if account.get(name) is False}


async def _comes_true(wish: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(wish.wait(), seconds)
    except TimeoutError:
        return False
    return True
