"""A real auth on its own database, called over HTTP: for what only several workers can get wrong."""

import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import requests

from tests.support.forks import fork_to_end
from tests.support.processes import Running, environment
from tests.support.visitor import patiently

PASSWORD = "correct horse battery"
LIMIT_SECONDS = 20

Answer = TypeVar("Answer")


def post(running: Running, path: str, body: Any = None, token: str = "", **headers: str) -> requests.Response:
    """A POST on a connection of its own, so that any worker may get it."""
    return call(running, "POST", path, body, token, **headers)


def call(
    running: Running, method: str, path: str, body: Any = None, token: str = "", **headers: str
) -> requests.Response:
    """A call on a connection of its own, so that any worker may get it."""
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, running.url + path, json=body, headers={**bearer, **named}, timeout=LIMIT_SECONDS)


def at_once(act: Callable[[int], Answer], times: int) -> list[Answer]:
    """What `act` gives when done that many times in parallel, by threads that begin together."""
    all_there = Barrier(times)

    def begin(number: int) -> Answer:
        all_there.wait(LIMIT_SECONDS)
        return act(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(begin, range(times)))


def register(running: Running, email: str = "anna@example.com") -> str:
    """A new account and a bearer token of it."""
    body = {"email": email, "password": PASSWORD}
    assert patiently(lambda: post(running, "/register", body)).status_code == 201
    return login(running, email)


def login(running: Running, email: str = "anna@example.com") -> str:
    """A bearer token from /login."""
    answer = patiently(lambda: post(running, "/login", {"email": email, "password": PASSWORD}))
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["token"]
    return token


def statuses(answers: Iterable[requests.Response]) -> list[int]:
    """Only the statuses, in order of size."""
    return sorted(answer.status_code for answer in answers)


def command(folder: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """What comes of a command of auth's."""
    own = environment(WATCHHOUSE_DATA=str(folder / "data"), **settings)
    return fork_to_end("auth", *arguments, environment=own, folder=folder, seconds=60)
