"""People who lend books of a running auth and never give up: what was not answered is asked again, under its key.

So each deed ends with one answer that is known, and the deeds of all readers together are what the house must hold.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

ANSWER_SECONDS = 10
PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.05
DEEDS = ("borrow", "borrow", "give back", "give back", "reserve", "reserve", "renew", "cancel")


@dataclass(frozen=True)
class Answer:
    """What somebody was answered."""

    status: int
    body: dict[str, Any]
    is_busy: bool = False  # a refusal for now: the same may be asked again

    @property
    def is_final(self) -> bool:
        return self.status != 503 and not self.is_busy

    @property
    def is_done(self) -> bool:
        return self.status < 300


@dataclass(frozen=True)
class Deed:
    """One wish of a reader, how it ended, and whether something less than that answer came before."""

    kind: str
    subject: int
    answer: Answer
    before: tuple[str, ...]


@dataclass(frozen=True)
class Reader:
    """An account with a token. Those who share it share the loans that are known."""

    id: str
    url: str
    token: str
    loans: list[int] = field(default_factory=list)

    def ask_once(self, method: str, path: str, key: str) -> Answer:
        """An answer that came whole, on a connection of its own, so that any worker may get it."""
        place = urlsplit(self.url)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=ANSWER_SECONDS)
        headers = {"Authorization": f"Bearer {self.token}", "Connection": "close"}
        try:
            connection.request(method, path, headers={**headers, "Idempotency-Key": key} if key else headers)
            found = connection.getresponse()
            body = found.read()  # raises when the end is missing
        finally:
            connection.close()
        is_busy = found.status == 409 and found.headers["Retry-After"] is not None
        return Answer(found.status, json.loads(body or b"{}"), is_busy)

    def ask(self, method: str, path: str) -> tuple[Answer, tuple[str, ...]]:
        """The final answer, however often that has to be asked for, and what came instead of it before."""
        key, before, end = str(uuid4()) if method == "POST" else "", [], monotonic() + PATIENCE_SECONDS
        while monotonic() < end:
            try:
                answer = self.ask_once(method, path, key)
            except (OSError, HTTPException) as error:
                before.append(type(error).__name__)
            else:
                if answer.is_final:
                    return answer, tuple(before)
                before.append(f"{answer.status} {answer.body.get('message')}")
            Event().wait(PAUSE_SECONDS)
        raise AssertionError(f"{method} {path} was never answered: {before[-5:]}")

    def borrow(self, book: int) -> Deed:
        """The loan is theirs to give back then."""
        deed = Deed("borrow", book, *self.ask("POST", f"/api/v1/books/{book}/borrow/"))
        if deed.answer.is_done:
            self.loans.append(deed.answer.body["data"]["id"])
        return deed

    def give_back(self, loan: int) -> Deed:
        """It is known until that is answered: who shares the account may try at the same time."""
        deed = Deed("give back", loan, *self.ask("POST", f"/api/v1/loans/{loan}/return/"))
        if loan in self.loans:
            self.loans[:] = [other for other in self.loans if other != loan]
        return deed

    def renew(self, loan: int) -> Deed:
        return Deed("renew", loan, *self.ask("POST", f"/api/v1/loans/{loan}/renew/"))

    def reserve(self, book: int) -> Deed:
        return Deed("reserve", book, *self.ask("POST", f"/api/v1/books/{book}/reserve/"))

    def cancel(self, book: int) -> Deed:
        return Deed("cancel", book, *self.ask("DELETE", f"/api/v1/books/{book}/reserve/"))

    def act(self, books: Sequence[int], chance: random.Random) -> Deed:
        """Anything; without a loan there is nothing to give back."""
        kind, known = chance.choice(DEEDS), list(self.loans)
        of_book: dict[str, Callable[[int], Deed]] = {
            "borrow": self.borrow,
            "reserve": self.reserve,
            "cancel": self.cancel,
        }
        if kind in of_book:
            return of_book[kind](chance.choice(books))
        if not known:
            return self.borrow(chance.choice(books))
        return self.give_back(chance.choice(known)) if kind == "give back" else self.renew(chance.choice(known))


class Crowd:
    """Readers at their deeds, each entry of `readers` in a thread of its own, until told that it is enough."""

    def __init__(self, readers: Sequence[Reader], books: Sequence[int], seed: int) -> None:
        self.deeds: list[Deed] = []
        self._failures: list[BaseException] = []
        self._is_over, self._lock = Event(), Lock()
        self._threads = [
            Thread(target=self._live, args=[reader, books, random.Random(f"{seed} {number}")])
            for number, reader in enumerate(readers)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """No new deeds; those under way come to their end, whatever they still wait for."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    def _live(self, reader: Reader, books: Sequence[int], chance: random.Random) -> None:
        try:
            while not self._is_over.is_set():
                deed = reader.act(books, chance)
                with self._lock:
                    self.deeds.append(deed)
        except BaseException as error:  # noqa: BLE001  # told by stop(), where a test hears it
            self._failures.append(error)


@contextmanager
def lending(readers: Sequence[Reader], books: Sequence[int], *, seed: int) -> Iterator[Crowd]:
    """A crowd that is busy until the end of the block."""
    crowd = Crowd(readers, books, seed)
    crowd.start()
    try:
        yield crowd
    finally:
        crowd.stop()
