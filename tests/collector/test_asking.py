"""Asking over the database and waiting for the answer: few wait at once, all hear, nobody hangs."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from collector.open_files import allow_files
from common.asking import Listener, WaitingRoom
from tests.support.waiting import wait_for

LIMIT = 10.0


@pytest.fixture
def listener(database: Any) -> Iterator[Listener]:
    """A listener on two channels."""
    made = Listener(database.collector_url, {"one", "two"}, process="test")
    yield made
    made.close()


def test_an_answer_is_given_as_soon_as_it_is_there() -> None:
    answers = iter([None, None, "done"])
    assert WaitingRoom(1).wait(lambda: next(answers), LIMIT) == "done"


def test_waiting_ends_at_the_limit() -> None:
    began = time.monotonic()
    assert WaitingRoom(1).wait(lambda: None, 0.1) is None
    assert 0.1 <= time.monotonic() - began < 1


def test_a_falsy_answer_is_an_answer() -> None:
    assert WaitingRoom(1).wait(lambda: 0, LIMIT) == 0


def test_who_finds_the_room_full_is_sent_on_at_once_and_a_seat_is_given_back() -> None:
    room, answered = WaitingRoom(2), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(room.wait, lambda: answered.is_set() or None, LIMIT) for _ in range(2)]
        wait_for(lambda: room.wait(lambda: "seat", 0) is None, what="the room is full")
        answered.set()
        assert [future.result(LIMIT) for future in waiting] == [True, True]
    assert room.wait(lambda: "seat", 0) == "seat"


def test_a_seat_is_given_back_by_who_fails() -> None:
    room = WaitingRoom(1)
    with pytest.raises(ZeroDivisionError):
        room.wait(lambda: 1 // 0, LIMIT)
    assert room.wait(lambda: "seat", 0) == "seat"


def test_a_listener_looks_everywhere_after_connecting_and_then_hears(listener: Listener, database: Any) -> None:
    assert listener.wait(LIMIT) == {"one", "two"}
    database.rows("NOTIFY two")
    assert listener.wait(LIMIT) == {"two"}
    assert listener.wait(0) == set()


def test_a_listener_hears_what_was_said_between_two_waits(listener: Listener, database: Any) -> None:
    listener.wait(LIMIT)
    for channel in ("one", "two", "three"):
        database.rows(f"NOTIFY {channel}")
    heard: set[str] = set()
    wait_for(lambda: not heard.update(listener.wait(0.1)) and heard >= {"one", "two"}, what="both")
    assert heard == {"one", "two"}


def test_a_listener_hears_though_many_files_are_open(listener: Listener, database: Any) -> None:
    allow_files(2000)
    many = [os.dup(0) for _ in range(1100)]
    try:
        assert listener.wait(LIMIT) == {"one", "two"}
        database.rows("NOTIFY two")
        assert listener.wait(LIMIT) == {"two"}
    finally:
        for descriptor in many:
            os.close(descriptor)


def test_a_listener_stops_at_once_from_another_thread(listener: Listener) -> None:
    listener.wait(LIMIT)
    began = time.monotonic()
    threading.Timer(0.1, listener.stop).start()
    assert listener.wait(LIMIT) == set()
    assert listener.wait(LIMIT) == set()
    assert time.monotonic() - began < 2


def test_a_listener_connects_again_and_looks_everywhere(listener: Listener, cut_sessions: Callable[[], int]) -> None:
    listener.wait(LIMIT)
    assert cut_sessions() == 1
    heard: set[str] = set()
    wait_for(lambda: not heard.update(listener.wait(0.1)) and heard, what="it is connected again")
    assert heard == {"one", "two"}
