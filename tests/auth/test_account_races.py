"""What happens to accounts when two things happen at once, in two real workers."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from standalone.postgres import Server
from tests.auth.remote import PASSWORD, at_once, call, login, post, register, statuses
from tests.support.databases import Database, throw_away
from tests.support.processes import Running, start_auth
from tests.support.visitor import patiently

REFRESH, FORGOT = "/api/v1/auth/token/refresh/", "/api/v1/auth/password/forgot/"
NEW = "quite another horse"

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def house(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Database]]:
    """One auth of two workers for all tests here; each takes people of its own."""
    with throw_away(server) as found:
        running = start_auth(found, tmp_path_factory.mktemp("races"))
        yield running, found
        running.stop()


@pytest.fixture
def running(house: tuple[Running, Database]) -> Running:
    """The auth."""
    return house[0]


@pytest.fixture
def kept(house: tuple[Running, Database]) -> Database:
    """Its database."""
    return house[1]


@pytest.fixture
def email() -> str:
    """An address that nobody has."""
    return f"racer-{next(_numbers)}@example.com"


def test_equal_registrations_make_one_account(running: Running, kept: Database, email: str) -> None:
    body = {"email": email, "password": PASSWORD}
    answers = at_once(lambda _: patiently(lambda: post(running, "/register", body)), 6)
    assert statuses(answers) == [201] + [409] * 5
    assert kept.one("SELECT count(*) FROM app_users WHERE email = %s", email) == 1


def test_equal_refreshes_get_the_same_successor(running: Running, email: str) -> None:
    register(running, email)
    answer = patiently(lambda: post(running, "/api/v1/auth/login/", {"email": email, "password": PASSWORD}))
    token = answer.json()["data"]["tokens"]["refresh"]
    answers = at_once(lambda _: post(running, REFRESH, {"refresh": token}), 8)
    assert statuses(answers) == [200] * 8
    [successor] = {answer.json()["refresh"] for answer in answers}
    assert post(running, REFRESH, {"refresh": successor}).status_code == 200


def test_a_mailed_token_works_once_even_at_once(running: Running, kept: Database, email: str) -> None:
    post(running, "/api/v1/auth/email/verify/", token=register(running, email))
    body = kept.one("SELECT body FROM outbox WHERE recipient = %s", email)
    mailed = body.split("    ")[1].split()[0]
    answers = at_once(lambda _: post(running, "/api/v1/auth/email/verify/", {"token": mailed}), 8)
    assert statuses(answers) == [204] + [422] * 7


def test_equal_wishes_for_a_mail_send_one(running: Running, kept: Database, email: str) -> None:
    register(running, email)
    answers = at_once(lambda _: post(running, FORGOT, {"email": email}), 8)
    assert statuses(answers) == [202] * 8
    assert kept.one("SELECT count(*) FROM outbox WHERE recipient = %s", email) == 1


def test_a_mail_is_queued_with_its_token_or_not_at_all(running: Running, kept: Database, email: str) -> None:
    register(running, email)
    kept.rows("""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON one_time_tokens DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse();
    """)
    try:
        answer = post(running, FORGOT, {"email": email})
    finally:
        kept.rows("DROP FUNCTION refuse CASCADE")
    assert answer.status_code == 500
    assert kept.one("SELECT count(*) FROM outbox WHERE recipient = %s", email) == 0
    assert post(running, FORGOT, {"email": email}).status_code == 202
    assert kept.one("SELECT count(*) FROM outbox WHERE recipient = %s", email) == 1


def test_parallel_guesses_cannot_share_a_price(running: Running, email: str) -> None:
    register(running, email)
    body = {"email": email, "password": "a guess"}
    answers = at_once(lambda _: patiently(lambda: post(running, "/login", body)), 50)
    assert statuses(answers) == [401] * 10 + [429] * 40


def test_a_busy_house_costs_the_owner_no_attempt(running: Running, email: str) -> None:
    register(running, email)
    good = {"email": email, "password": PASSWORD}
    answers = at_once(lambda _: [post(running, "/login", good) for _ in range(4)], 10)
    assert set(statuses(itertools.chain(*answers))) <= {200, 503}
    assert login(running, email)


def test_a_sign_in_under_way_does_not_outlive_a_change_of_password(
    running: Running, kept: Database, email: str
) -> None:
    token = register(running, email)

    def act(number: int) -> int:
        if number == 0:
            change = {"current": PASSWORD, "new": NEW}
            return patiently(lambda: post(running, "/api/v1/auth/password/", change, token)).status_code
        return patiently(lambda: post(running, "/login", {"email": email, "password": PASSWORD})).status_code

    assert at_once(act, 5)[0] == 204
    standing = "SELECT count(*) FROM sessions JOIN app_users u ON u.id = user_id WHERE email = %s AND ended_at IS NULL"
    assert kept.one(standing, email) == 1


def test_two_changes_of_a_password_leave_one(running: Running, email: str) -> None:
    token = register(running, email)

    def change(number: int) -> int:
        body = {"current": PASSWORD, "new": f"{NEW} {number}"}
        return patiently(lambda: post(running, "/api/v1/auth/password/", body, token)).status_code

    assert sorted(at_once(change, 4)) == [204, 422, 422, 422]


def test_disabling_and_demoting_count_at_once_in_every_worker(running: Running, kept: Database) -> None:
    tokens = {name: register(running, f"{name}@example.com") for name in ("anna", "bob", "chief")}
    kept.rows("UPDATE app_users SET is_staff = true, role = 'admin' WHERE email = 'chief@example.com'")
    kept.rows("UPDATE app_users SET is_staff = true WHERE email = 'bob@example.com'")
    ids = dict(kept.rows("SELECT split_part(email, '@', 1), id::text FROM app_users"))

    def seen(name: str, path: str) -> set[int]:
        return {answer.status_code for answer in at_once(lambda _: call(running, "GET", path, token=tokens[name]), 12)}

    assert (seen("anna", "/verify"), seen("bob", "/api/v1/users/")) == ({200}, {200})
    for name, change in (("anna", {"is_active": False}), ("bob", {"is_staff": False})):
        path = f"/api/v1/users/{ids[name]}/"
        assert call(running, "PATCH", path, change, tokens["chief"]).status_code == 200
    assert (seen("anna", "/verify"), seen("bob", "/api/v1/users/")) == ({401}, {403})


def test_a_guesser_behind_our_proxy_does_not_slow_the_owner(make_auth: Callable[..., Running], email: str) -> None:
    running = make_auth(TRUSTED_PROXIES="127.0.0.1")
    post(running, "/register", {"email": email, "password": PASSWORD})

    def attempt(password: str, address: str) -> int:
        body = {"email": email, "password": password}
        return patiently(lambda: post(running, "/login", body, X_Forwarded_For=address)).status_code

    assert attempt(PASSWORD, "192.0.2.7") == 200
    assert [attempt("a guess", "203.0.113.9") for _ in range(12)].count(429) >= 2
    assert attempt(PASSWORD, "192.0.2.7") == 200
    assert attempt(PASSWORD, "203.0.113.9, 192.0.2.7") == 200
    assert attempt(PASSWORD, "192.0.2.7, 203.0.113.9") == 429
