"""People with an account who own locks or use them: they sign in when need be, and ask the service.

What they ask of routes that the other simulated people use, too, is noted in the same ledger of requests.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from generator.client import Client
from generator.ledger import Ledger
from generator.lessons import session_from
from generator.logged import ROUTES, note_end, note_sending
from generator.messages import Answer, Call, Reach, is_doubtful
from generator.people import Session

TRIES = 3
PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Told:
    """The last answer, and whether an earlier try may have been carried out without our knowing."""

    answer: Answer
    is_uncertain: bool = False

    @property
    def status(self) -> int:
        """0 when nothing was answered."""
        return self.answer.status if self.answer.reach is Reach.ANSWERED else 0

    @property
    def data(self) -> dict[str, Any]:
        """The answer's object, out of its envelope; empty when it is none."""
        content = self.answer.data if isinstance(self.answer.data, dict) else {}
        inner = content.get("data", content)
        return inner if isinstance(inner, dict) else {}


UNANSWERED = Told(Answer(Reach.NOT_SENT))


@dataclass
class Door:
    """The way to the service: it notes what is compared later, and asks again what may be asked again."""

    client: Client
    logged: Ledger

    async def send(self, call: Call) -> Told:
        """Ask; a change has an Idempotency-Key, and so may be asked again."""
        is_uncertain = False
        for _ in range(TRIES):
            answer = await self._send_once(call)
            is_uncertain = is_uncertain or is_doubtful(answer)
            if answer.reach is Reach.ANSWERED and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        return Told(answer, is_uncertain)

    async def _send_once(self, call: Call) -> Answer:
        if call.route not in ROUTES:
            return await self.client.send(call)
        note_sending(self.logged, call)
        answer = await self.client.send(call)
        note_end(self.logged, call, answer)
        return answer


@dataclass
class Resident:
    """Somebody who lives with locks. `may_join`: registers when the service does not know them."""

    name: str
    email: str
    password: str
    door: Door
    may_join: bool = True
    session: Session | None = None
    gate: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, query: dict[str, str] | None = None
    ) -> Told:
        """Ask as this person; when signing in does not succeed, the answer is what that was answered."""
        for _ in range(2):
            token = await self._token()
            if isinstance(token, Told):
                return token
            told = await self.door.send(bearer_call(method, path, body, token, query or {}))
            if told.status != HTTPStatus.UNAUTHORIZED:
                return told
            self.session = None
        return UNANSWERED

    async def _token(self) -> str | Told:
        async with self.gate:
            now = asyncio.get_running_loop().time()
            if self.session is None or self.session.renew_at <= now:
                told = await self._sign_in()
                if told.status != HTTPStatus.OK:
                    return told
                self.session = session_from(told.answer.data, now, share=0.8)
            return self.session.token

    async def _sign_in(self) -> Told:
        login = Call("POST", "/login", {"email": self.email, "password": self.password})
        told = await self.door.send(login)
        if told.status == HTTPStatus.UNAUTHORIZED and self.may_join:
            await self.door.send(Call("POST", "/register", login.body))
            told = await self.door.send(login)
        return told


def bearer_call(method: str, path: str, body: dict[str, Any] | None, token: str, query: dict[str, str]) -> Call:
    """A call with a bearer token, a person's or a lock's."""
    headers = {"Authorization": f"Bearer {token}"}
    if method == "POST":
        headers["Idempotency-Key"] = str(uuid4())
    return Call(method, path, body, query, headers)


async def until_told(ask: Callable[[], Awaitable[Told]], pause: float) -> Told:
    """Ask again and again until the service answers with something other than its own fault or `not so fast`."""
    while True:
        told = await ask()
        if told.status and told.status < 500 and told.status != HTTPStatus.TOO_MANY_REQUESTS:
            return told
        await asyncio.sleep(max(pause, told.answer.retry_after or 0.0))
