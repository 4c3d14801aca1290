"""POST /api/v1/auth/email/verify/: a mail with a token, and the token sent back."""

import pytest

from tests.auth.mails import mailed_token
from tests.support.client import Api, Person

PATH = "/api/v1/auth/email/verify/"


def is_verified(api: Api, person: Person) -> bool:
    """Whether the address counts as confirmed."""
    return bool(api.one("SELECT email_verified FROM app_users WHERE id = %s", person.id))


def test_it_queues_a_mail_to_the_person(api: Api) -> None:
    person = api.person()
    answer = person.call("POST", PATH)
    assert (answer.status_code, answer.get_json()["success"], answer.get_json()["data"]) == (
        202, True, {"status": "queued"},
    )  # fmt: skip
    assert api.rows("SELECT channel, recipient, subject, status FROM outbox") == [
        ("mail", person.email, "Confirm your e-mail address", "queued")
    ]


def test_it_takes_an_empty_object_too(api: Api) -> None:
    person = api.person()
    assert person.call("POST", PATH, {}).status_code == 202


def test_the_token_confirms_the_address(api: Api) -> None:
    person = api.person()
    person.call("POST", PATH)
    answer = api.call("POST", PATH, {"token": mailed_token(api, person)})
    assert (answer.status_code, answer.data) == (204, b"")
    assert is_verified(api, person)


def test_the_token_works_once(api: Api) -> None:
    person = api.person()
    person.call("POST", PATH)
    token = mailed_token(api, person)
    assert [api.call("POST", PATH, {"token": token}).status_code for _ in range(2)] == [204, 422]


def test_the_token_confirms_nobody_elses_address(api: Api) -> None:
    person, other = api.person(), api.person()
    person.call("POST", PATH)
    other.call("POST", PATH, {"token": mailed_token(api, person)})
    assert (is_verified(api, person), is_verified(api, other)) == (True, False)


def test_the_token_ends_after_24_hours(api: Api) -> None:
    person = api.person()
    person.call("POST", PATH)
    api.rows("UPDATE one_time_tokens SET expires_at = expires_at - interval '24 hours'")
    answer = api.call("POST", PATH, {"token": mailed_token(api, person)})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["token"])
    assert not is_verified(api, person)


def test_a_newer_mail_makes_the_older_token_void(api: Api) -> None:
    person = api.person()
    person.call("POST", PATH)
    older = mailed_token(api, person)
    api.rows("UPDATE one_time_tokens SET created_at = created_at - interval '2 minutes'")
    person.call("POST", PATH)
    assert api.call("POST", PATH, {"token": older}).status_code == 422
    assert api.call("POST", PATH, {"token": mailed_token(api, person)}).status_code == 204


def test_it_sends_one_mail_a_minute(api: Api) -> None:
    person = api.person()
    assert [person.call("POST", PATH).status_code for _ in range(3)] == [202] * 3
    assert api.one("SELECT count(*) FROM outbox") == 1


def test_the_token_is_kept_only_as_a_hash(api: Api) -> None:
    person = api.person()
    person.call("POST", PATH)
    token = mailed_token(api, person)
    assert token not in str(api.rows("SELECT t::text, encode(token_hash, 'escape') FROM one_time_tokens t"))


def test_a_token_to_reset_the_password_confirms_nothing(api: Api) -> None:
    person = api.person()
    api.call("POST", "/api/v1/auth/password/forgot/", {"email": person.email})
    assert api.call("POST", PATH, {"token": mailed_token(api, person)}).status_code == 422


@pytest.mark.parametrize("token", ["unknown", "", "x" * 5000, 5])
def test_it_names_a_bad_token(api: Api, token: object) -> None:
    answer = api.call("POST", PATH, {"token": token})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["token"])


def test_asking_for_the_mail_wants_a_token(api: Api) -> None:
    assert api.call("POST", PATH).status_code == 401
    assert api.one("SELECT count(*) FROM outbox") == 0


def test_it_tells_when_the_wait_was_too_short(api: Api) -> None:
    answer = api.person().call("POST", PATH + "?wait=0.05")
    assert (answer.status_code, answer.get_json()["data"]) == (202, {"status": "queued"})


@pytest.mark.parametrize("wait", ["-1", "31", "soon", "nan", "inf"])
def test_it_names_a_bad_wait(api: Api, wait: str) -> None:
    answer = api.person().call("POST", f"{PATH}?wait={wait}")
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["wait"])
