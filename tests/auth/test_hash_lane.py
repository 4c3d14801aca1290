"""Hashing in a narrow lane: it takes as long for everybody, tells the busy times, and survives killed workers."""

import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil
import requests

from tests.auth.remote import PASSWORD, at_once, call, login, post, register
from tests.support.processes import Running
from tests.support.waiting import wait_for

MakeAuth = Callable[..., Running]
ANNA = {"email": "anna@example.com", "password": PASSWORD}
QUICK_SECONDS = 3.0
LOWEST_PRIORITY = 19


@contextmanager
def lane_taken(folder: Path, lane: str = "locks") -> Iterator[None]:
    """Every slot of the lane is held by somebody else."""
    with ExitStack() as stack:
        for path in folder.glob(f"data/{lane}/hash-*.lock"):
            handle = stack.enter_context(path.open("r+"))
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def seconds_of(running: Running, email: str) -> float:
    """How long a wrong sign-in takes."""
    started = perf_counter()
    assert post(running, "/login", {"email": email, "password": "a guess"}).status_code == 401
    return perf_counter() - started


def test_an_unknown_email_takes_as_long(make_auth: MakeAuth) -> None:
    running = make_auth(AUTH_WORKERS="1")
    register(running)
    pairs = [(seconds_of(running, ANNA["email"]), seconds_of(running, "nobody@example.com")) for _ in range(9)]
    known, unknown = (median(column) for column in zip(*pairs, strict=True))
    assert 0.6 < unknown / known < 1.6


def test_too_many_waiters_are_asked_to_come_later(make_auth: MakeAuth, tmp_path: Path) -> None:
    running = make_auth()
    token = register(running)

    def try_to_sign_in(_: int) -> tuple[requests.Response, float]:
        started = perf_counter()
        return post(running, "/login", ANNA), perf_counter() - started

    with lane_taken(tmp_path), ThreadPoolExecutor(1) as pool:
        crowd = pool.submit(at_once, try_to_sign_in, 10)
        assert call(running, "GET", "/verify", token=token).status_code == 200
        answers = crowd.result()
    assert {(answer.status_code, answer.headers["Retry-After"]) for answer, _ in answers} == {(503, "2")}
    assert sum(seconds < QUICK_SECONDS for _, seconds in answers) >= 6


def test_the_lane_opens_again(make_auth: MakeAuth, tmp_path: Path) -> None:
    running = make_auth()
    register(running)
    with ThreadPoolExecutor(1) as pool:
        with lane_taken(tmp_path):
            waiting = pool.submit(post, running, "/login", ANNA)
            assert not waiting.done()
        assert waiting.result().status_code == 200


def test_a_killed_worker_frees_its_slot(make_auth: MakeAuth) -> None:
    running = make_auth()
    register(running)

    def knock(_: int) -> bool:
        try:
            return post(running, "/login", {**ANNA, "password": "a guess"}).status_code > 0
        except requests.RequestException:  # also when only a part of an answer came
            return False

    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            knocks = [pool.submit(knock, number) for number in range(8)]
            killed = psutil.Process(running.process.pid).children()
            for worker in killed:
                worker.kill()
            assert len(killed) >= 1
            assert len([done.result() for done in knocks]) == 8
        wait_for(lambda: is_alive(running), what="new workers")
    register(running, "bob@example.com")
    assert login(running, "bob@example.com")


def is_alive(running: Running) -> bool:
    """Whether a worker answers."""
    try:
        return call(running, "GET", "/livez").status_code == 200
    except requests.ConnectionError:
        return False


def test_an_auth_that_was_made_nice_hashes_with_a_yet_lower_priority(make_auth: MakeAuth) -> None:
    running = make_auth(within=["nice", "-n", "5"], AUTH_WORKERS="1")
    register(running)
    [worker] = psutil.Process(running.process.pid).children()
    nicenesses = {os.getpriority(os.PRIO_PROCESS, thread.id) for thread in worker.threads()}
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert nicenesses == {min(own + 5, LOWEST_PRIORITY), min(own + 8, LOWEST_PRIORITY)}
