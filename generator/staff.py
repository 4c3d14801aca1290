"""Reads the service's analytics of our routes, signed in as staff. It must not know what is compared with them."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from generator.client import Client
from generator.ledger import Counts, Ledger
from generator.logged import ROUTES, note_sending, parse_analytics
from generator.messages import Answer, Call, Reach, is_refusal

PATH = "/api/admin/analytics/"


class CountsHiddenError(Exception):
    """The service is there, but does not let us see what it counted."""


@dataclass
class Staff:
    """A member of staff, who signs in when need be."""

    client: Client
    email: str
    password: str
    ledger: Ledger
    token: str = ""

    async def read_routes(self, since: datetime) -> Counts | None:
        """What was counted of all our routes since a moment; None when it cannot be told now.

        Raises CountsHiddenError when it is not told to us.
        """
        if not self.email:
            raise CountsHiddenError
        if not self.token and not await self._sign_in():
            return None
        counts: dict[tuple[str, str], int] = {}
        for method, path in ROUTES:
            answer = await self._ask({"from": since.isoformat(), "endpoint": path, "method": method})
            if not self._is_told(answer):
                return None
            counts |= parse_analytics(method, path, answer.data)
        return counts

    async def _sign_in(self) -> bool:
        """Noted and left open in the ledger: the first one may be counted before or after the first reading."""
        call = Call("POST", "/login", {"email": self.email, "password": self.password})
        note_sending(self.ledger, call)
        answer = await self.client.send(call)
        if answer.reach is Reach.ANSWERED and is_refusal(answer.status):
            raise CountsHiddenError
        if answer.status == HTTPStatus.OK:
            self.token = answer.data["token"]
        return bool(self.token)

    async def _ask(self, query: dict[str, str]) -> Answer:
        """Asked again when the answer was lost: reading changes nothing, and this route is not compared."""
        call = Call("GET", PATH, query=query, headers={"Authorization": f"Bearer {self.token}"})
        answer = await self.client.send(call)
        return await self.client.send(call) if answer.reach is Reach.LOST else answer

    def _is_told(self, answer: Answer) -> bool:
        if answer.reach is Reach.ANSWERED and answer.status == HTTPStatus.UNAUTHORIZED:
            self.token = ""  # expired: the next try signs in again
            return False
        if answer.reach is Reach.ANSWERED and is_refusal(answer.status):
            raise CountsHiddenError
        return answer.status == HTTPStatus.OK
