"""Guessing passwords is slowed, by account and network; owners are let in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.auth.remote import post, register
from tests.auth.test_hash_lane import ANNA, lane_taken
from tests.support.client import PASSWORD, Api
from tests.support.databases import Database
from tests.support.processes import Running
from tests.support.waiting import wait_for

HOME = "127.0.0.1"
AHEAD = "SELECT count(*) FROM login_throttle WHERE paid_until > now()"


def attempt(api: Api, email: str, password: str = "a guess", address: str = HOME) -> Any:
    """The answer to a sign-in that comes from `address`."""
    return api.client.post("/login", json={"email": email, "password": password}, environ_base={"REMOTE_ADDR": address})


def test_it_lets_ten_guesses_through_and_says_when_to_come_again(api: Api) -> None:
    person = api.person()
    answers = [attempt(api, person.email) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert [answer.headers["Retry-After"] for answer in answers[10:]] == ["20", "20"]


def test_it_slows_guesses_at_an_address_that_nobody_has(api: Api) -> None:
    assert [attempt(api, "nobody@example.com").status_code for _ in range(11)] == [401] * 10 + [429]


def test_it_slows_even_the_right_password_then(api: Api) -> None:
    person = api.person()
    for _ in range(10):
        attempt(api, person.email)
    assert attempt(api, person.email, PASSWORD).status_code == 429


def test_it_lets_one_more_through_each_20_seconds(api: Api) -> None:
    person = api.person()
    for _ in range(10):
        attempt(api, person.email)
    api.rows("UPDATE login_throttle SET paid_until = paid_until - interval '20 seconds'")
    assert [attempt(api, person.email).status_code for _ in range(2)] == [401, 429]


def test_an_attempt_that_is_refused_costs_nothing(api: Api) -> None:
    person = api.person()
    for _ in range(50):
        attempt(api, person.email)
    api.rows("UPDATE login_throttle SET paid_until = paid_until - interval '20 seconds'")
    assert attempt(api, person.email, PASSWORD).status_code == 200


def test_the_right_password_sets_it_back(api: Api) -> None:
    person = api.person()
    for _ in range(9):
        attempt(api, person.email)
    assert attempt(api, person.email, PASSWORD).status_code == 200
    assert [attempt(api, person.email).status_code for _ in range(11)] == [401] * 10 + [429]


def test_guessers_of_many_networks_share_one_purse(api: Api) -> None:
    statuses = [attempt(api, "nobody@example.com", address=f"10.0.{number}.1").status_code for number in range(12)]
    assert statuses.count(429) == 2


def test_a_guesser_elsewhere_does_not_slow_the_owner(api: Api) -> None:
    person = api.person()
    for number in range(30):
        attempt(api, person.email, address=f"10.0.{number}.1")
    assert [attempt(api, person.email, PASSWORD).status_code for _ in range(3)] == [200] * 3


def test_a_network_stays_known_for_90_days(api: Api) -> None:
    person = api.person()
    api.rows("UPDATE login_throttle SET succeeded_at = now() - interval '91 days'")
    for number in range(30):
        attempt(api, person.email, address=f"10.0.{number}.1")
    assert attempt(api, person.email, PASSWORD).status_code == 429


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("10.0.0.1", "10.0.0.254", True),
        ("10.0.0.1", "10.0.1.1", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.2", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.1.1", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_neighbours_in_a_network_are_one_guesser(api: Api, one: str, other: str, is_same: bool) -> None:
    person = api.person()
    for address in (one, other):
        assert attempt(api, person.email, PASSWORD, address).status_code == 200
    for _ in range(10):
        attempt(api, person.email, address=one)
    assert attempt(api, person.email, address=other).status_code == (429 if is_same else 401)


@pytest.mark.parametrize("spelling", [str.upper, str.title, lambda email: email.replace("i", "İ")])
def test_another_spelling_of_the_email_buys_no_more_guesses(api: Api, spelling: Any) -> None:
    api.call("POST", "/register", {"email": "iris@example.com", "password": PASSWORD})
    for _ in range(10):
        attempt(api, "iris@example.com")
    assert attempt(api, spelling("iris@example.com"), PASSWORD).status_code in {401, 429}


def test_one_account_does_not_slow_another(api: Api) -> None:
    person, other = api.person(), api.person()
    for _ in range(12):
        attempt(api, person.email)
    assert attempt(api, other.email, PASSWORD).status_code == 200


@pytest.mark.parametrize("path", ["/login", "/api/v1/auth/login/"])
def test_all_ways_in_share_the_purse(api: Api, path: str) -> None:
    person = api.person()
    for _ in range(10):
        attempt(api, person.email)
    assert api.call("POST", path, {"email": person.email, "password": PASSWORD}).status_code == 429


def test_it_keeps_no_email(api: Api) -> None:
    attempt(api, "somebody@example.com")
    assert "somebody" not in str(api.rows("SELECT t::text, encode(account, 'escape') FROM login_throttle t"))


def sign_in_while_busy(running: Running, folder: Path, database: Database, meanwhile: str) -> int:
    """The status of a sign-in that pays and finds no slot for its hash; `meanwhile` is done once it has paid."""
    with lane_taken(folder), ThreadPoolExecutor(1) as pool:
        answer = pool.submit(post, running, "/login", ANNA)
        wait_for(lambda: database.one(AHEAD) > 0, what="the payment")
        database.rows(meanwhile)
        return answer.result().status_code


@pytest.mark.parametrize("network", ["known", "known too long ago"])
def test_who_finds_the_house_busy_gets_back_all_that_was_paid(
    make_auth: Callable[..., Running], database: Database, tmp_path: Path, network: str
) -> None:
    running = make_auth(AUTH_WORKERS="1")
    register(running)
    days = 1 if network == "known" else 91
    database.rows("UPDATE login_throttle SET paid_until = now(), succeeded_at = now() - %s * interval '1 day'", days)
    assert sign_in_while_busy(running, tmp_path, database, "SELECT 1") == 503
    assert database.one(AHEAD) == 0


def test_a_purse_that_is_cleaned_up_meanwhile_gives_nothing_back(
    make_auth: Callable[..., Running], database: Database, tmp_path: Path
) -> None:
    running = make_auth(AUTH_WORKERS="1")
    register(running)
    database.rows("DELETE FROM login_throttle")
    assert sign_in_while_busy(running, tmp_path, database, "DELETE FROM login_throttle") == 503
    assert database.one("SELECT count(*) FROM login_throttle") == 0
