"""Someone who uses a running auth over real HTTP: signed up, signed in, with calls in their name."""

import itertools
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.support.waiting import wait_for

PASSWORD = "correct horse battery"
PATIENCE_SECONDS = 30.0

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Visitor:
    """An account on the auth at `url`, with a token."""

    url: str
    email: str
    token: str

    @property
    def bearer(self) -> dict[str, str]:
        """The header that says who they are."""
        return {"Authorization": f"Bearer {self.token}"}

    def call(
        self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None, timeout: float = 20
    ) -> requests.Response:
        """A call in their name."""
        return requests.request(
            method, self.url + path, json=json, headers={**self.bearer, **(headers or {})}, timeout=timeout
        )


def patiently(act: Callable[[], requests.Response]) -> requests.Response:
    """The answer once it is no 503, as an honest client tries again when the house is busy."""
    answers: list[requests.Response] = []

    def is_served() -> bool:
        answers.append(act())
        return answers[-1].status_code != 503

    wait_for(is_served, seconds=PATIENCE_SECONDS, what="an answer other than 503")
    return answers[-1]


def sign_up(url: str) -> Visitor:
    """A new account, signed in."""
    account = {"email": f"visitor-{os.getpid()}-{next(_numbers)}@example.com", "password": PASSWORD}
    made = patiently(lambda: requests.post(url + "/register", json=account, timeout=20))
    assert made.status_code == 201, made.text
    return sign_in(url, **account)


def sign_in(url: str, email: str, password: str) -> Visitor:
    """An account that is there, signed in."""
    account = {"email": email, "password": password}
    answer = patiently(lambda: requests.post(url + "/login", json=account, timeout=20))
    assert answer.status_code == 200, answer.text
    return Visitor(url, email, answer.json()["token"])


def send_raw(url: str, sent: bytes, timeout: float = 10) -> bytes:
    """All that the server at `url` says to `sent`, byte for byte, until it closes or falls silent."""
    place = urlsplit(url)
    received = b""
    with socket.create_connection((place.hostname or "", place.port or 80), timeout=timeout) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65536):
            received += part
    return received
