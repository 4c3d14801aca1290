"""Request limits: per user, else per address; the same over all workers; without the database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from time import monotonic

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from auth.http.limits import RequestLimits
from tests.support.client import Api, Person
from tests.support.databases import Database, query
from tests.support.processes import Running
from tests.support.visitor import Visitor, sign_up

NOBODY_EXEMPT = "192.0.2.0/24"
LIMIT = 600


class Bucket:
    """The oracle: a bucket of `per_minute` drops that runs in evenly; written from the definition, in exact numbers."""

    def __init__(self, per_minute: int) -> None:
        self.size = self.level = Fraction(per_minute)
        self.at = Fraction(0)

    def take(self, at: Fraction) -> bool:
        self.level = min(self.size, self.level + (at - self.at) * self.size / 60)
        self.at = at
        if self.level < 1:
            return False
        self.level -= 1
        return True


@settings(max_examples=300)
@given(
    per_minute=st.sampled_from([1, 2, 3, 5, 8, 60, 64]),
    steps=st.lists(st.one_of(st.just(0), st.integers(0, 64), st.integers(0, 64 * 90)), max_size=200),
)
def test_it_decides_as_a_bucket_that_refills_evenly(per_minute: int, steps: list[int]) -> None:
    now = [0.0]
    limits, bucket, at = RequestLimits(per_minute, lambda: now[0]), Bucket(per_minute), Fraction(1000)
    for step in steps:
        at += Fraction(step, 64)
        now[0] = float(at)
        assert limits.take("key").is_allowed == bucket.take(at)


@settings(max_examples=50)
@given(per_minute=st.integers(1, 3000), start=st.floats(0, 1e7))
def test_a_burst_is_exactly_the_limit(per_minute: int, start: float) -> None:
    limits = RequestLimits(per_minute, lambda: start)
    verdicts = [limits.take("key") for _ in range(per_minute + 1)]
    assert [verdict.is_allowed for verdict in verdicts] == [True] * per_minute + [False]
    assert [verdict.remaining for verdict in verdicts[:-1]] == list(range(per_minute))[::-1]


@settings(max_examples=100)
@given(per_minute=st.integers(1, 500), too_many=st.integers(1, 100), start=st.floats(0, 1e6))
def test_after_the_told_wait_a_request_passes(per_minute: int, too_many: int, start: float) -> None:
    now = [start]
    limits = RequestLimits(per_minute, lambda: now[0])
    verdicts = [limits.take("key") for _ in range(per_minute + too_many)]
    now[0] += verdicts[-1].seconds
    assert limits.take("key").is_allowed


def test_keys_do_not_pay_for_one_another() -> None:
    limits = RequestLimits(3, lambda: 5.0)
    for _ in range(9):
        limits.take("one")
    assert [limits.take("two").remaining for _ in range(3)] == [2, 1, 0]


def from_far(api: Api, address: str, person: Person | None = None, path: str = "/verify") -> TestResponse:
    return api.client.get(path, headers=person.bearer if person else {}, environ_overrides={"REMOTE_ADDR": address})


def test_what_is_left_is_told(api: Api) -> None:
    anna = api.person()
    began = monotonic()
    headers = [from_far(api, "203.0.113.1", anna).headers for _ in range(2)]
    refilled = (monotonic() - began) * LIMIT / 60
    assert [found["RateLimit-Policy"] for found in headers] == [f'"default";q={LIMIT};w=60'] * 2
    first, second = [found["RateLimit"].split(";t=")[0] for found in headers]
    assert first == '"default";r=599'
    assert second == '"default";r=598' or refilled >= 1  # what is used up comes back with time


def test_a_user_pays_from_one_purse_wherever_they_are(api: Api) -> None:
    anna, bob = api.person(), api.person()
    from_far(api, "203.0.113.2", anna)
    assert ";r=598;" in from_far(api, "203.0.113.3", anna).headers["RateLimit"]
    assert ";r=599;" in from_far(api, "203.0.113.3", bob).headers["RateLimit"]


@pytest.mark.parametrize("path", ["/verify", "/", "/api/v1/users/", "/actions/read"])
def test_without_a_good_token_the_address_pays(api: Api, path: str) -> None:
    address = {"/verify": "203.0.113.4", "/": "203.0.113.5", "/api/v1/users/": "203.0.113.6"}.get(path, "203.0.113.7")
    told = [from_far(api, address, path=path).headers["RateLimit"].split(";t=")[0] for _ in range(2)]
    assert told == ['"default";r=599', '"default";r=598']


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health/", "/metrics"])
def test_what_machines_ask_is_free(api: Api, path: str) -> None:
    assert "RateLimit" not in from_far(api, "203.0.113.8", path=path).headers


def test_an_exempt_network_is_free(api: Api) -> None:
    assert "RateLimit" not in from_far(api, "127.0.0.1", api.person()).headers


def ask_until_refused(ask: Callable[[], TestResponse]) -> tuple[int, TestResponse]:
    """How many passed before the first refusal, and that one; a slow machine wins some back meanwhile."""
    for passed in range(20 * LIMIT):
        if (answer := ask()).status_code == 429:
            return passed, answer
    raise AssertionError("nothing was refused")


def test_over_the_limit_it_is_429_with_a_wait(api: Api) -> None:
    anna = api.person()
    began = monotonic()
    passed, refused = ask_until_refused(lambda: from_far(api, "203.0.113.9", anna))
    assert LIMIT <= passed <= LIMIT + (monotonic() - began) * LIMIT / 60
    assert (refused.mimetype, refused.get_json()["status"]) == ("application/problem+json", 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 3
    assert '"default";r=0;' in refused.headers["RateLimit"]


def test_a_browser_over_the_limit_gets_a_page(api: Api) -> None:
    address = {"REMOTE_ADDR": "203.0.113.10"}
    _, refused = ask_until_refused(
        lambda: api.client.get("/", headers={"Accept": "text/html"}, environ_overrides=address)
    )
    assert refused.mimetype == "text/html"


def ask_often(person: Visitor, times: int) -> list[int]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: person.call("GET", "/verify").status_code, range(times)))


def test_two_workers_share_one_count(make_auth: Callable[..., Running]) -> None:
    auth = make_auth(RATE_LIMIT_EXEMPT=NOBODY_EXEMPT, RATE_LIMIT_PER_MINUTE="40")
    statuses = ask_often(sign_up(auth.url), 80)
    assert set(statuses) == {200, 429}
    assert 40 <= statuses.count(200) <= 50


def test_it_works_without_the_database(database: Database, make_auth: Callable[..., Running]) -> None:
    auth = make_auth(RATE_LIMIT_EXEMPT=NOBODY_EXEMPT, RATE_LIMIT_PER_MINUTE="20")
    anna = sign_up(auth.url)
    cut_off(database)
    statuses = ask_often(anna, 40)
    assert set(statuses) == {503, 429}
    assert statuses.count(503) <= 25


def cut_off(database: Database) -> None:
    """Nobody gets into the database any more, and who is in is thrown out."""
    database.rows("REVOKE CONNECT ON DATABASE " + database.name + " FROM watchhouse_auth")
    query(
        database.server.superuser_url(),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'watchhouse_auth' AND datname = %s",
        database.name,
    )


def test_guesses_at_tokens_are_paid_by_their_address(make_auth: Callable[..., Running]) -> None:
    auth = make_auth(RATE_LIMIT_EXEMPT=NOBODY_EXEMPT, RATE_LIMIT_PER_MINUTE="10")
    statuses = [
        requests.get(auth.url + "/verify", headers={"Authorization": f"Bearer {number}"}, timeout=5).status_code
        for number in range(15)
    ]
    assert statuses == [401] * 10 + [429] * 5
