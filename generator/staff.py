"""A member of staff: asks what only staff may, and reads the service's analytics of our routes.

It must not know what is compared with them.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from generator.client import Client
from generator.ledger import Counts, Ledger
from generator.logged import ROUTES, note_end, note_sending, parse_analytics
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
        counts: dict[tuple[str, str], int] = {}
        for method, path in ROUTES:
            answer = await self._ask({"from": since.isoformat(), "endpoint": path, "method": method})
            if answer is None or not _is_told(answer):
                return None
            counts |= parse_analytics(method, path, answer.data)
        return counts

    async def send(self, call: Call) -> Answer | None:
        """The answer to a call, signed in; None when that cannot be done now. A route that is compared is noted.

        Raises CountsHiddenError when there is nobody to sign in.
        """
        if not self.email:
            raise CountsHiddenError
        if not self.token and not await self._sign_in():
            return None
        is_compared = call.route in ROUTES
        signed = replace(call, headers={"Authorization": f"Bearer {self.token}"})
        if is_compared:
            note_sending(self.ledger, signed)
        answer = await self.client.send(signed)
        if is_compared:
            note_end(self.ledger, signed, answer)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self.token = ""  # expired: the next try signs in again
        return answer

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

    async def _ask(self, query: dict[str, str]) -> Answer | None:
        """Asked again when the answer was lost: reading changes nothing, and this route is not compared."""
        call = Call("GET", PATH, query=query)
        answer = await self.send(call)
        return await self.send(call) if answer is not None and answer.reach is Reach.LOST else answer


def _is_told(answer: Answer) -> bool:
    """Raises CountsHiddenError when it is not for us."""
    is_expired = answer.status == HTTPStatus.UNAUTHORIZED
    if answer.reach is Reach.ANSWERED and is_refusal(answer.status) and not is_expired:
        raise CountsHiddenError
    return answer.status == HTTPStatus.OK
