"""Devices when two things happen at once, in two real workers, and what is committed when somebody waits."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2
import pytest
import requests

from common.asking import Listener
from standalone.postgres import Server
from tests.auth.remote import at_once, statuses
from tests.support.databases import Database, throw_away
from tests.support.locks import DEVICES, new_name
from tests.support.processes import Running, start_auth
from tests.support.visitor import Visitor, sign_up
from tests.support.waiting import wait_for

ONLINE = "UPDATE device_states SET is_online = true, last_seen_at = now() WHERE device_id = %s"
OBEY = """
UPDATE device_commands
SET status = 'acknowledged', counter = 1, sent_at = now(), finished_at = now()
WHERE device_id = %s AND status = 'queued'
RETURNING id
"""
# As a command is written by who had the right until now, and is not committed yet.
ASKING = """
SELECT FROM devices WHERE id = %(device)s FOR SHARE;
INSERT INTO device_commands (device_id, user_id, command, expires_at)
SELECT %(device)s, id, 'UNLOCK', now() + interval '15 seconds' FROM app_users WHERE email = %(email)s
"""
OPEN = "SELECT count(*) FROM device_commands WHERE device_id = %s AND finished_at IS NULL"
IS_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@dataclass(frozen=True)
class Place:
    """One auth of two workers, its database, and people: each test takes a device of its own."""

    database: Database
    owner: Visitor
    guest: Visitor
    heir: Visitor

    def lock(self) -> str:
        """A device of the owner's that is online."""
        device: str = self.owner.call("POST", DEVICES, {"device_id": new_name()}).json()["data"]["id"]
        self.database.rows(ONLINE, device)
        return device

    def share(self, device: str) -> str:
        """The path of the guest's share of it."""
        path = f"{DEVICES}{device}/shares/"
        made = self.owner.call("POST", path, {"shared_with": self.guest.email}).json()["data"]
        return f"{path}{made['id']}/"


@pytest.fixture(scope="module")
def place(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The auth of all tests here."""
    with throw_away(server) as found:
        running: Running = start_auth(found, tmp_path_factory.mktemp("device races"))
        yield Place(found, *(sign_up(running.url) for _ in range(3)))
        running.stop()


def test_a_device_is_claimed_once(place: Place) -> None:
    body = {"device_id": new_name()}
    answers = at_once(lambda _: place.owner.call("POST", DEVICES, body), 20)
    assert statuses(answers) == [201] + [409] * 19
    assert place.database.one("SELECT count(*) FROM devices WHERE device_id = %s", body["device_id"]) == 1


def take_share_back(place: Place, device: str, share: str) -> requests.Response:
    return place.owner.call("DELETE", share)


def pause_share(place: Place, device: str, share: str) -> requests.Response:
    return place.owner.call("PATCH", share, {"is_active": False})


def delete(place: Place, device: str, share: str) -> requests.Response:
    return place.owner.call("DELETE", f"{DEVICES}{device}/")


def transfer(place: Place, device: str, share: str) -> requests.Response:
    return place.owner.call("POST", f"{DEVICES}{device}/transfer/", {"email": place.heir.email})


def deactivate(place: Place, device: str, share: str) -> requests.Response:
    return place.owner.call("PATCH", f"{DEVICES}{device}/", {"status": "INACTIVE"})


WAYS: list[Callable[[Place, str, str], requests.Response]] = [
    take_share_back,
    pause_share,
    delete,
    transfer,
    deactivate,
]


@pytest.mark.parametrize("take_back", WAYS, ids=lambda way: way.__name__)
def test_nothing_that_was_asked_for_survives_the_right_to_it(place: Place, take_back: Any) -> None:
    device = place.lock()
    share = place.share(device)

    def act(number: int) -> int:
        if number == 4:
            return int(take_back(place, device, share).status_code)
        return place.guest.call("POST", f"{DEVICES}{device}/unlock/").status_code

    answers = at_once(act, 9)
    assert answers.pop(4) in {200, 204}
    assert set(answers) <= {202, 404, 409}
    assert place.database.one(OPEN, device) == 0


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM device_shares WHERE device_id = %s",
        "UPDATE device_shares SET valid_until = valid_from + interval '1 microsecond' WHERE device_id = %s",
        "UPDATE device_shares SET is_active = false WHERE device_id = %s",
        "UPDATE devices SET deleted_at = now() WHERE id = %s",
    ],
)
def test_a_right_that_is_being_taken_back_is_waited_for(place: Place, change: str) -> None:
    device = place.lock()
    place.share(device)
    with ThreadPoolExecutor(1) as pool, closing(psycopg2.connect(place.database.owner_url)) as connection:
        connection.cursor().execute(change, [device])
        asked = pool.submit(lambda: place.guest.call("POST", f"{DEVICES}{device}/unlock/"))
        wait_for(lambda: place.database.one(IS_WAITING))
        connection.commit()
        assert asked.result().status_code == 404
    assert place.database.one("SELECT count(*) FROM device_commands WHERE device_id = %s", device) == 0


@pytest.mark.parametrize("take_back", WAYS, ids=lambda way: way.__name__)
def test_a_command_that_is_being_asked_for_is_ended_too(place: Place, take_back: Any) -> None:
    device = place.lock()
    share = place.share(device)
    with ThreadPoolExecutor(1) as pool, closing(psycopg2.connect(place.database.owner_url)) as connection:
        connection.cursor().execute(ASKING, {"device": device, "email": place.guest.email})
        taken_back = pool.submit(lambda: take_back(place, device, share))
        wait_for(lambda: place.database.one(IS_WAITING))
        connection.commit()
        assert taken_back.result().status_code in {200, 204}
    assert place.database.rows("SELECT status FROM device_commands WHERE device_id = %s", device) == [("expired",)]


def test_who_waits_is_answered_by_the_end_and_a_repeat_is_not_kept_waiting(place: Place) -> None:
    device, key = place.lock(), {"Idempotency-Key": new_name()}

    def ask() -> requests.Response:
        return place.owner.call("POST", f"{DEVICES}{device}/unlock/?wait=20", headers=key)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask)
        wait_for(lambda: place.database.one(OPEN, device))
        meanwhile = ask()
        place.database.rows(OBEY, device)
        end = first.result()
    assert (meanwhile.status_code, meanwhile.json()["data"]["status"]) == (202, "queued")
    assert (end.status_code, end.json()["data"]["status"]) == (200, "acknowledged")
    again = ask()
    assert (again.status_code, again.content) == (200, end.content)
    assert place.database.one("SELECT count(*) FROM device_commands WHERE device_id = %s", device) == 1


def test_whoever_has_to_act_is_woken(place: Place) -> None:
    listener = Listener(place.database.auth_url, ["devices", "device_commands"], process="test")
    try:
        assert listener.wait(10) == {"devices", "device_commands"}  # as after every connect
        device = place.lock()
        assert listener.wait(10) == {"devices"}
        place.owner.call("POST", f"{DEVICES}{device}/lock/")
        assert listener.wait(10) == {"device_commands"}
        place.owner.call("POST", f"{DEVICES}{device}/credentials/rotate/", {})
        assert listener.wait(10) == {"devices"}
    finally:
        listener.close()
