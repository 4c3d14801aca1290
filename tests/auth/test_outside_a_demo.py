"""What is stricter outside a demo, and what a log never holds."""

import re
from collections.abc import Callable, Iterator

import pytest
import requests

from standalone.postgres import Server
from tests.auth.remote import PASSWORD, call, post, register
from tests.support.databases import Database, throw_away
from tests.support.processes import DEVICE_KEY, PIN_PEPPER, Running, start_auth
from tests.support.visitor import patiently

MakeAuth = Callable[..., Running]
KEY = "a key of this test's own, 32 bytes and more"
EMAIL = "anna.the.first@example.com"


@pytest.fixture(scope="module")
def own(server: Server) -> Iterator[Database]:
    """A database of this module's own."""
    with throw_away(server) as found:
        yield found


@pytest.fixture(scope="module")
def earnest(own: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An auth that is no demo."""
    running = start_auth(
        own,
        tmp_path_factory.mktemp("earnest"),
        WATCHHOUSE_DEMO="0",
        SECRET_KEY=KEY,
        DEVICE_KEY=DEVICE_KEY,
        PIN_PEPPER=PIN_PEPPER,
        LOG_LEVEL="DEBUG",
    )
    yield running
    running.stop()


@pytest.fixture
def database(own: Database) -> Iterator[Database]:
    """The same, empty again after the test."""
    yield own
    own.rows("DROP FUNCTION IF EXISTS refuse CASCADE; TRUNCATE app_users, outbox, login_throttle CASCADE")


def test_the_commonest_passwords_are_refused(earnest: Running, database: Database) -> None:
    def errors(password: str) -> object:
        body = {"email": EMAIL, "password": password}
        return patiently(lambda: post(earnest, "/register", body)).json().get("errors")

    refused = {"password": ["is one of the commonest passwords"]}
    assert [errors(password) for password in ("password", "PassWord1", "12345678", "qwertyuiop")] == [refused] * 4
    assert errors(PASSWORD) is None


def test_a_common_password_is_no_new_one_either(earnest: Running, database: Database) -> None:
    token = register(earnest, EMAIL)
    answer = post(earnest, "/api/v1/auth/password/", {"current": PASSWORD, "new": "password1"}, token)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["new"])


def test_the_mailbox_is_not_there(earnest: Running, database: Database) -> None:
    register(earnest, EMAIL)
    database.rows("UPDATE app_users SET is_staff = true")
    with requests.Session() as browser:
        form = browser.get(earnest.url + "/admin/login/", timeout=20).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', form)
        assert found
        fields = {"username": EMAIL, "password": PASSWORD, "csrf_token": found[1]}
        assert browser.post(earnest.url + "/admin/login/", data=fields, timeout=20).url.endswith("/admin/")
        assert browser.get(earnest.url + "/admin/mailbox/", timeout=20).status_code == 404


def test_no_page_tells_the_sign_ins_of_the_demo(earnest: Running) -> None:
    page = call(earnest, "GET", "/", Accept="text/html").text
    assert "Watchhouse" in page
    assert "admin@example.com" not in page


def test_the_cookie_is_for_https_when_we_are(make_auth: MakeAuth) -> None:
    running = make_auth(PUBLIC_URL="https://house.example")
    assert "Secure" in call(running, "GET", "/admin/login/").headers["Set-Cookie"]


def test_the_log_holds_no_secret(earnest: Running, database: Database) -> None:
    token = register(earnest, EMAIL)
    pair = patiently(lambda: post(earnest, "/api/v1/auth/login/", {"email": EMAIL, "password": PASSWORD})).json()
    tokens = pair["data"]["tokens"]
    post(earnest, "/login", {"email": EMAIL, "password": "a secret guess"})
    post(earnest, "/api/v1/auth/token/refresh/", {"refresh": tokens["refresh"]})
    post(earnest, "/api/v1/auth/password/forgot/", {"email": EMAIL})
    call(earnest, "GET", f"/verify?token={token}", token=token[:-2] + "xx")
    [(mail,)] = database.rows("SELECT body FROM outbox")
    secrets = [
        PASSWORD,
        "a secret guess",
        KEY,
        DEVICE_KEY,
        PIN_PEPPER,
        EMAIL,
        mail.split("    ")[1].split()[0],
        database.auth_url,
    ]
    secrets += [part for found in (token, *tokens.values()) for part in found.split(".")[1:]]
    assert [secret for secret in secrets if secret in earnest.output()] == []


def test_an_error_that_is_logged_holds_no_values(earnest: Running, database: Database) -> None:
    database.rows("""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused by the test'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON app_users FOR EACH ROW EXECUTE FUNCTION refuse();
    """)
    answer = patiently(lambda: post(earnest, "/register", {"email": EMAIL, "password": PASSWORD}))
    assert (answer.status_code, "refused" in answer.text) == (500, False)
    assert "request_failed" in earnest.output()
    assert [word for word in (EMAIL, PASSWORD, "$argon2id") if word in earnest.output()] == []
