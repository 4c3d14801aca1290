"""POST /api/v1/auth/password/forgot/ and /reset/: the way back in."""

from typing import Any

import pytest

from tests.auth.mails import mailed_token
from tests.support.client import PASSWORD, Api, Person

FORGOT, RESET = "/api/v1/auth/password/forgot/", "/api/v1/auth/password/reset/"
NEW = "quite another horse"


def forget(api: Api, email: str) -> Any:
    """The answer to a forgotten password."""
    return api.call("POST", FORGOT, {"email": email})


def reset(api: Api, token: str, new: str = NEW) -> Any:
    """The answer to a new password."""
    return api.call("POST", RESET, {"token": token, "new": new})


def forgotten(api: Api, person: Person) -> str:
    """The token that a person who forgot the password is mailed."""
    assert forget(api, person.email).status_code == 202
    return mailed_token(api, person)


def test_it_mails_the_owner(api: Api) -> None:
    person = api.person()
    assert forget(api, person.email.upper()).status_code == 202
    assert api.rows("SELECT recipient, subject, status FROM outbox") == [
        (person.email, "Choose a new password", "queued")
    ]


def test_it_answers_the_same_for_an_unknown_address(api: Api) -> None:
    known, unknown = forget(api, api.person().email), forget(api, "nobody@example.com")
    assert (known.status_code, unknown.status_code) == (202, 202)
    assert known.get_json() == unknown.get_json()
    assert api.one("SELECT count(*) FROM outbox") == 1


def test_it_answers_the_same_for_a_disabled_account_and_mails_nothing(api: Api) -> None:
    person = api.person(is_active=True)
    api.rows("UPDATE app_users SET is_active = false WHERE id = %s", person.id)
    assert forget(api, person.email).get_json() == forget(api, "nobody@example.com").get_json()
    assert api.one("SELECT count(*) FROM outbox") == 0


def test_it_mails_once_a_minute(api: Api) -> None:
    person = api.person()
    assert [forget(api, person.email).status_code for _ in range(3)] == [202] * 3
    assert api.one("SELECT count(*) FROM outbox") == 1


def test_the_token_chooses_a_new_password(api: Api) -> None:
    person = api.person()
    answer = reset(api, forgotten(api, person))
    assert (answer.status_code, answer.data) == (204, b"")
    assert api.login(person.email, NEW)
    assert api.call("POST", "/login", {"email": person.email, "password": PASSWORD}).status_code == 401


def test_it_ends_every_session(api: Api) -> None:
    person = api.person()
    tokens = api.call("POST", "/api/v1/auth/login/", {"email": person.email, "password": PASSWORD}).get_json()
    reset(api, forgotten(api, person))
    assert person.call("GET", "/verify").status_code == 401
    refreshed = api.call("POST", "/api/v1/auth/token/refresh/", {"refresh": tokens["data"]["tokens"]["refresh"]})
    assert refreshed.status_code == 401


def test_the_token_works_once(api: Api) -> None:
    token = forgotten(api, api.person())
    assert [reset(api, token).status_code for _ in range(2)] == [204, 422]


@pytest.mark.parametrize(("age", "status"), [("29 minutes 59 seconds", 204), ("30 minutes", 422)])
def test_the_token_works_for_30_minutes(api: Api, age: str, status: int) -> None:
    token = forgotten(api, api.person())
    api.rows("UPDATE one_time_tokens SET expires_at = expires_at - %s::interval", age)
    assert reset(api, token).status_code == status


def test_a_bad_new_password_does_not_spend_the_token(api: Api) -> None:
    token = forgotten(api, api.person())
    answer = reset(api, token, "short")
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["new"])
    assert reset(api, token).status_code == 204


def test_a_token_to_confirm_the_address_resets_nothing(api: Api) -> None:
    person = api.person()
    person.call("POST", "/api/v1/auth/email/verify/")
    answer = reset(api, mailed_token(api, person))
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["token"])
    assert api.login(person.email)


def test_it_brings_no_disabled_account_back(api: Api) -> None:
    person = api.person()
    token = forgotten(api, person)
    api.rows("UPDATE app_users SET is_active = false WHERE id = %s", person.id)
    reset(api, token)
    assert api.call("POST", "/login", {"email": person.email, "password": NEW}).status_code == 403


def test_a_guesser_cannot_keep_the_owner_out_after_a_reset(api: Api) -> None:
    person = api.person()
    api.rows("UPDATE login_throttle SET succeeded_at = now() - interval '91 days'")
    for number in range(15):
        api.client.post("/login", json={"email": person.email, "password": "guess"},
                        environ_base={"REMOTE_ADDR": f"10.0.{number}.1"})  # fmt: skip
    assert api.call("POST", "/login", {"email": person.email, "password": PASSWORD}).status_code == 429
    reset(api, forgotten(api, person))
    assert api.login(person.email, NEW)


def test_a_change_of_the_password_makes_a_mailed_token_void(api: Api) -> None:
    person = api.person()
    token = forgotten(api, person)
    changed = person.call("POST", "/api/v1/auth/password/", {"current": PASSWORD, "new": "a horse of my own"})
    assert changed.status_code == 204
    assert reset(api, token).status_code == 422
