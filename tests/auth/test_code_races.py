"""Many ask about codes of one lock at once, of two real workers: guesses share no place, and a use is spent once."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from standalone.postgres import Server
from tests.auth.asking_locks import PINS, VERIFY_PIN, VERIFY_QR, signed
from tests.auth.remote import at_once, login, post, register
from tests.auth.test_hash_lane import lane_taken
from tests.support.databases import Database, throw_away
from tests.support.long_runs import IS_LONG
from tests.support.processes import Running, start_auth
from tests.support.visitor import patiently
from tests.support.waiting import wait_for

AT_ONCE = 500 if IS_LONG else 40
CONNECTIONS = 50
REFUSALS = "SELECT description, count(*) FROM device_logs WHERE device_id = %s AND NOT success GROUP BY 1"

CROWD = 8


@dataclass(frozen=True)
class House:
    """An auth with its database and folder, and the token of one owner."""

    auth: Running
    database: Database
    folder: Path
    token: str


@pytest.fixture(scope="module")
def house(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One auth of two workers for all tests here; each test takes a device of its own."""
    folder = tmp_path_factory.mktemp("codes")
    with throw_away(server) as found:
        running = start_auth(found, folder)
        yield House(running, found, folder, register(running))
        running.stop()


def claim(house: House, name: str) -> dict[str, Any]:
    answer = post(house.auth, "/api/v1/devices/", {"device_id": name}, house.token)
    assert answer.status_code == 201, answer.text
    claimed: dict[str, Any] = answer.json()["data"]
    return claimed


def add(house: House, device: dict[str, Any], **fields: Any) -> requests.Response:
    body = {"device_id": device["id"], "name": "n", "pin": "482913", **fields}
    return patiently(lambda: post(house.auth, PINS, body, house.token))


def ask(house: House, device: dict[str, Any], path: str, body: dict[str, str]) -> Callable[[int], requests.Response]:
    """One of many who ask, and come again where the house is busy."""
    key = device["credentials"]["keys"]["api_key"]
    return lambda _: patiently(lambda: post(house.auth, path, body, key))


def in_crowds(act: Callable[[int], requests.Response]) -> "Counter[Any]":
    """How often each answer came: the reason, or True."""
    answers: list[requests.Response] = []
    for start in range(0, AT_ONCE, CONNECTIONS):
        answers += at_once(act, min(CONNECTIONS, AT_ONCE - start))
    bodies = [answer.json() for answer in answers]
    return Counter(body["reason"] if "reason" in body else body["data"]["reason"] or True for body in bodies)


def test_of_many_guesses_at_once_five_are_looked_at(house: House) -> None:
    device = claim(house, "guessed")
    add(house, device)
    with closing(psycopg2.connect(house.database.owner_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("LISTEN alerts")
        counted = in_crowds(ask(house, device, VERIFY_PIN, {"pin": "000111"}))
        wait_for(lambda: connection.poll() or connection.notifies, what="whoever alerts is woken")
    assert counted == {"unknown": 5, "lockout": AT_ONCE - 5}
    assert dict(house.database.rows(REFUSALS, device["id"])) == {
        "PIN refused: unknown": 5,
        "PIN refused: lockout": AT_ONCE - 5,
        "codes refused for 15 minutes after too many wrong ones": 1,
    }


def test_a_one_time_pin_opens_once_however_many_type_it(house: House) -> None:
    device = claim(house, "typed")
    add(house, device, one_time=True)
    counted = in_crowds(ask(house, device, VERIFY_PIN, {"pin": "482913"}))
    assert (counted[True], counted.keys() <= {True, "used", "lockout"}) == (1, True)
    assert house.database.rows(
        "SELECT uses, codes_version FROM access_pins p JOIN devices d ON d.id = p.device_id AND d.id = %s", device["id"]
    ) == [(1, 2)]


def test_a_qr_code_opens_once_however_often_it_is_read(house: House) -> None:
    device = claim(house, "read")
    owner = house.database.one("SELECT owner_id::text FROM devices WHERE id = %s", device["id"])
    counted = in_crowds(ask(house, device, VERIFY_QR, {"code": signed(device, owner)}))
    assert (counted[True], counted.keys() <= {True, "used", "lockout"}) == (1, True)


def test_equal_pins_made_at_once_are_one(house: House) -> None:
    device = claim(house, "made")
    answers = at_once(lambda _: add(house, device), 6)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 5}


def test_a_crowd_at_a_door_delays_no_sign_in_and_who_was_not_looked_at_made_no_attempt(house: House) -> None:
    device = claim(house, "crowded")
    add(house, device)
    key = device["credentials"]["keys"]["api_key"]
    with ThreadPoolExecutor(CROWD) as pool:
        with lane_taken(house.folder, "locks/pins"):
            asked = [pool.submit(post, house.auth, VERIFY_PIN, {"pin": "000111"}, key) for _ in range(CROWD)]
            wait_for(lambda: 503 in {done.result().status_code for done in asked if done.done()}, what="a busy lane")
            assert login(house.auth)
        answers = Counter(done.result().status_code for done in asked)
    [(wrong, reserved)] = house.database.rows(
        "SELECT cardinality(attempts), cardinality(reserved) FROM code_brakes WHERE device_id = %s", device["id"]
    )
    assert (wrong, reserved) == (answers[200], 0)
    assert answers[503] >= 1
