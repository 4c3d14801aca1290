"""POST /login, /api/v1/auth/login/ and GET /verify."""

from time import time
from typing import Any

import jwt
import pytest
from argon2 import PasswordHasher

from tests.support.client import PASSWORD, Api

BOTH = pytest.mark.parametrize("path", ["/login", "/api/v1/auth/login/"])


def test_it_gives_a_token_that_verifies(api: Api) -> None:
    person = api.person()
    answer = api.call("POST", "/login", {"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200
    body = answer.get_json()
    assert (set(body), body["message"]) == ({"message", "token"}, "Login successful")
    verified = api.call("GET", "/verify", headers={"Authorization": f"Bearer {body['token']}"})
    assert (verified.status_code, verified.get_json()) == (
        200, {"message": "Token is valid", "email": person.email},
    )  # fmt: skip


def test_it_gives_a_person_with_a_pair_of_tokens(api: Api) -> None:
    person = api.person()
    answer = api.call("POST", "/api/v1/auth/login/", {"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["success"], body["message"], set(body["data"])) == (True, "Login successful", {"user", "tokens"})
    assert set(body["data"]["tokens"]) == {"access", "refresh"}
    assert (body["data"]["user"]["id"], body["data"]["user"]["last_login_ip"]) == (person.id, "127.0.0.1")
    verified = api.call("GET", "/verify", headers={"Authorization": f"Bearer {body['data']['tokens']['access']}"})
    assert verified.get_json()["email"] == person.email


def lifetime(token: str) -> float:
    """The seconds that a token still lives, as it says itself."""
    return float(jwt.decode(token, options={"verify_signature": False})["exp"]) - time()


def test_its_tokens_live_as_long_as_promised(api: Api) -> None:
    person = api.person()
    tokens = api.call("POST", "/api/v1/auth/login/", {"email": person.email, "password": PASSWORD}).get_json()
    lives = [lifetime(token) for token in (person.token, *(tokens["data"]["tokens"][n] for n in ("access", "refresh")))]
    assert lives == pytest.approx([3600, 900, 7 * 86_400], abs=30)


def test_it_notes_when_and_from_where(api: Api) -> None:
    person = api.person()
    assert api.rows("SELECT last_login_at = now(), host(last_login_ip) FROM app_users WHERE id = %s", person.id) == [
        (True, "127.0.0.1")
    ]


@BOTH
def test_it_takes_the_email_in_any_case_of_letters(api: Api, path: str) -> None:
    person = api.person()
    assert api.call("POST", path, {"email": person.email.upper(), "password": PASSWORD}).status_code == 200


@BOTH
def test_it_says_the_same_of_an_unknown_email_and_a_wrong_password(api: Api, path: str) -> None:
    person = api.person()
    wrong = api.call("POST", path, {"email": person.email, "password": "something else"})
    unknown = api.call("POST", path, {"email": "nobody@example.com", "password": PASSWORD})
    assert (wrong.status_code, wrong.get_json()["message"]) == (401, "Invalid email or password")
    bodies = [{**answer.get_json(), "instance": ""} for answer in (wrong, unknown)]
    assert bodies[0] == bodies[1]
    assert wrong.headers["WWW-Authenticate"] == unknown.headers["WWW-Authenticate"]


@BOTH
def test_it_tells_of_a_disabled_account_only_after_the_right_password(api: Api, path: str) -> None:
    person = api.person()
    api.rows("UPDATE app_users SET is_active = false WHERE id = %s", person.id)
    wrong = api.call("POST", path, {"email": person.email, "password": "something else"})
    right = api.call("POST", path, {"email": person.email, "password": PASSWORD})
    assert (wrong.status_code, right.status_code) == (401, 403)
    assert right.get_json()["message"] == "User account is disabled"


def test_it_opens_no_session_for_a_disabled_account(api: Api) -> None:
    person = api.person()
    api.rows("UPDATE app_users SET is_active = false WHERE id = %s", person.id)
    sessions = api.one("SELECT count(*) FROM sessions")
    api.call("POST", "/login", {"email": person.email, "password": PASSWORD})
    assert api.one("SELECT count(*) FROM sessions") == sessions


@BOTH
@pytest.mark.parametrize(
    ("body", "fields"),
    [
        pytest.param({}, {"email", "password"}, id="empty"),
        pytest.param({"email": "a@b.c"}, {"password"}, id="no password"),
        pytest.param({"email": "a@b.c", "password": ""}, {"password"}, id="empty password"),
        pytest.param({"email": "a@b.c", "password": "x" * 129}, {"password"}, id="long password"),
        pytest.param({"email": None, "password": "x"}, {"email"}, id="null"),
        pytest.param({"email": "a@b.c", "password": "x", "remember": True}, {"remember"}, id="unknown field"),
        pytest.param({"email": "a\0@b.c", "password": "x"}, {"email"}, id="NUL"),
        pytest.param(["a@b.c", "x"], {"body"}, id="a list"),
    ],
)
def test_it_names_the_bad_fields(api: Api, path: str, body: Any, fields: set[str]) -> None:
    answer = api.call("POST", path, body)
    assert (answer.status_code, set(answer.get_json()["errors"])) == (422, fields)


def test_an_empty_body_counts_as_no_failed_login(api: Api) -> None:
    for _ in range(20):
        api.call("POST", "/api/v1/auth/login/", {})
    assert api.one("SELECT count(*) FROM login_throttle") == 0


@pytest.mark.parametrize("email", ["a\\' OR 1=1 --@example.com", "%@example.com", "p_rson@example.com"])
def test_it_takes_the_signs_of_sql_as_letters(api: Api, email: str) -> None:
    api.person()
    assert api.call("POST", "/login", {"email": email, "password": PASSWORD}).status_code == 401


def test_it_renews_a_hash_of_other_parameters(api: Api) -> None:
    person = api.person()
    todays = api.one("SELECT password_hash FROM app_users WHERE id = %s", person.id).split("$")[:4]
    older = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    api.rows("UPDATE app_users SET password_hash = %s WHERE id = %s", older, person.id)
    assert api.login(person.email)
    assert api.one("SELECT password_hash FROM app_users WHERE id = %s", person.id).split("$")[:4] == todays
    assert api.login(person.email)
