"""POST /register and /api/v1/auth/register/."""

from typing import Any

import pytest

from tests.support.client import PASSWORD, Api

ANNA = {"email": "anna@example.com", "password": PASSWORD}
NAMED = {**ANNA, "first_name": "Anna", "last_name": "Arendt", "phone": "+49 30 1234"}
BOTH = pytest.mark.parametrize("path", ["/register", "/api/v1/auth/register/"])


def register(api: Api, path: str, **changes: Any) -> Any:
    """A registration with the fields that `path` wants; a change to None takes the field out."""
    body = {**(ANNA if path == "/register" else NAMED), **changes}
    return api.call("POST", path, {name: value for name, value in body.items() if value is not None})


def test_it_makes_a_student(api: Api) -> None:
    answer = api.call("POST", "/register", ANNA)
    assert (answer.status_code, answer.get_json()) == (201, {"message": "User registered successfully"})
    assert api.rows("SELECT role, is_active, is_staff FROM app_users WHERE email = 'anna@example.com'") == [
        ("student", True, False)
    ]


def test_it_shows_the_new_person_without_the_hash(api: Api) -> None:
    answer = api.call("POST", "/api/v1/auth/register/", NAMED)
    assert answer.status_code == 201
    shown = answer.get_json()
    assert (shown["success"], shown["message"]) == (True, "User registered successfully")
    user = shown["data"]
    moments = {user.pop(name) for name in ("created_at", "updated_at")}
    assert len(moments) == 1
    assert user.pop("id") == api.one("SELECT id::text FROM app_users WHERE email = 'anna@example.com'")
    assert user == {
        "email": "anna@example.com", "phone": "+49 30 1234", "first_name": "Anna", "last_name": "Arendt",
        "full_name": "Anna Arendt", "role": "student", "is_active": True, "is_staff": False, "is_superuser": False,
        "email_verified": False, "phone_verified": False, "identity_verified": False, "professional_verified": False,
        "last_login_at": None, "last_login_ip": None,
    }  # fmt: skip


def test_it_needs_no_phone(api: Api) -> None:
    answer = register(api, "/api/v1/auth/register/", phone=None)
    assert (answer.status_code, answer.get_json()["data"]["phone"]) == (201, "")


@BOTH
@pytest.mark.parametrize("again", ["anna@example.com", "ANNA@Example.COM"])
def test_it_refuses_a_taken_email_in_any_case_of_letters(api: Api, path: str, again: str) -> None:
    api.call("POST", "/register", ANNA)
    answer = register(api, path, email=again)
    assert (answer.status_code, answer.get_json()["message"]) == (409, "This e-mail is already registered")
    assert api.one("SELECT count(*) FROM app_users WHERE lower(email) = 'anna@example.com'") == 1


@BOTH
@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("email", None, id="no e-mail"),
        pytest.param("email", "", id="empty e-mail"),
        pytest.param("email", "anna", id="no domain"),
        pytest.param("email", "anna@", id="empty domain"),
        pytest.param("email", "an na@example.com", id="blank in e-mail"),
        pytest.param("email", "anna@example.com\r\nBcc: all@example.com", id="header injection"),
        pytest.param("email", "Anna <anna@example.com>", id="e-mail with a name"),
        pytest.param("email", "a\0nna@example.com", id="NUL in e-mail"),
        pytest.param("email", "a" * 250 + "@example.com", id="long e-mail"),
        pytest.param("email", 5, id="number for e-mail"),
        pytest.param("email", ["anna@example.com"], id="list for e-mail"),
        pytest.param("password", None, id="no password"),
        pytest.param("password", "1234567", id="password of 7"),
        pytest.param("password", "x" * 129, id="password of 129"),
        pytest.param("password", "correct\0horse", id="NUL in password"),
        pytest.param("password", 12345678, id="number for password"),
    ],
)
def test_it_names_the_bad_field(api: Api, path: str, field: str, value: Any) -> None:
    answer = register(api, path, **{field: value})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    assert api.one("SELECT count(*) FROM app_users") == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("first_name", None, id="no first name"),
        pytest.param("last_name", None, id="no last name"),
        pytest.param("first_name", "x" * 151, id="first name of 151"),
        pytest.param("last_name", "x" * 151, id="last name of 151"),
        pytest.param("phone", "1" * 21, id="phone of 21"),
        pytest.param("phone", "call me", id="letters for phone"),
    ],
)
def test_it_names_the_bad_field_of_a_person(api: Api, field: str, value: Any) -> None:
    answer = register(api, "/api/v1/auth/register/", **{field: value})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


@pytest.mark.parametrize("password", ["12345678", "x" * 128, "密码密码密码密码", " " * 8])
def test_it_takes_passwords_from_8_to_128_characters(api: Api, password: str) -> None:
    assert register(api, "/register", password=password).status_code == 201
    assert api.login("anna@example.com", password)


@BOTH
@pytest.mark.parametrize("right", ["role", "is_staff", "is_superuser", "is_active", "email_verified", "id"])
def test_it_gives_nobody_a_right_they_ask_for(api: Api, path: str, right: str) -> None:
    answer = register(api, path, **{right: "admin" if right == "role" else True})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [right])
    assert api.one("SELECT count(*) FROM app_users") == 0
