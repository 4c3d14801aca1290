"""Someone who uses a running auth over real HTTP: signed up, signed in, with calls in their name."""

import itertools
import os
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

PASSWORD = "correct horse battery"

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


def sign_up(url: str) -> Visitor:
    """A new account, signed in."""
    account = {"email": f"visitor-{os.getpid()}-{next(_numbers)}@example.com", "password": PASSWORD}
    made = requests.post(url + "/register", json=account, timeout=20)
    assert made.status_code == 201, made.text
    return sign_in(url, **account)


def sign_in(url: str, email: str, password: str) -> Visitor:
    """An account that is there, signed in."""
    answer = requests.post(url + "/login", json={"email": email, "password": password}, timeout=20)
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
