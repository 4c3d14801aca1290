"""GET and PATCH /api/v1/auth/me/: a person's own profile."""

from typing import Any

import pytest

from tests.support.client import Api

ME = "/api/v1/auth/me/"


def test_it_shows_oneself(api: Api) -> None:
    person = api.person(first_name="Anna", last_name="Arendt")
    answer = person.call("GET", ME)
    assert (answer.status_code, answer.get_json()["success"]) == (200, True)
    user = answer.get_json()["data"]
    assert (user["id"], user["email"], user["full_name"]) == (person.id, person.email, "Anna Arendt")
    assert "password_hash" not in user


def test_it_changes_names_and_phone(api: Api) -> None:
    person = api.person()
    answer = person.call("PATCH", ME, {"first_name": "Zoë", "last_name": "O'Neil", "phone": "030"})
    assert answer.status_code == 200
    user = answer.get_json()["data"]
    assert (user["first_name"], user["last_name"], user["full_name"], user["phone"]) == (
        "Zoë", "O'Neil", "Zoë O'Neil", "030",
    )  # fmt: skip
    assert person.call("GET", ME).get_json()["data"] == user


def test_it_leaves_what_is_left_out(api: Api) -> None:
    person = api.person(first_name="Anna", phone="030")
    assert person.call("PATCH", ME, {"last_name": "Arendt"}).status_code == 200
    assert api.rows("SELECT first_name, last_name, phone FROM app_users WHERE id = %s", person.id) == [
        ("Anna", "Arendt", "030")
    ]


def test_it_empties_what_is_given_empty(api: Api) -> None:
    person = api.person(phone="030")
    assert person.call("PATCH", ME, {"phone": ""}).get_json()["data"]["phone"] == ""


def test_it_changes_nobody_else(api: Api) -> None:
    person, other = api.person(), api.person(first_name="Bob")
    person.call("PATCH", ME, {"first_name": "Anna"})
    assert api.one("SELECT first_name FROM app_users WHERE id = %s", other.id) == "Bob"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", "admin"), ("is_staff", True), ("is_superuser", True), ("is_active", True), ("email_verified", True),
        ("identity_verified", True), ("id", "00000000-0000-0000-0000-000000000000"), ("email", "other@example.com"),
        ("password_hash", "x"), ("full_name", "A B"), ("created_at", "2026-01-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_it_gives_nobody_what_they_may_not_change(api: Api, field: str, value: Any) -> None:
    person = api.person()
    before = api.rows("SELECT u::text FROM app_users u WHERE id = %s", person.id)
    answer = person.call("PATCH", ME, {"first_name": "Anna", field: value})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    assert api.rows("SELECT u::text FROM app_users u WHERE id = %s", person.id) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("first_name", "x" * 151, id="first name of 151"),
        pytest.param("last_name", "x" * 151, id="last name of 151"),
        pytest.param("first_name", "An\0na", id="NUL"),
        pytest.param("first_name", 5, id="number for a name"),
        pytest.param("phone", "1" * 21, id="phone of 21"),
        pytest.param("phone", "call me", id="letters for a phone"),
        pytest.param("phone", "030\n", id="line end in a phone"),
    ],
)
def test_it_names_the_bad_field(api: Api, field: str, value: Any) -> None:
    answer = api.person().call("PATCH", ME, {field: value})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_it_wants_a_token(api: Api, method: str) -> None:
    answer = api.call(method, ME, {"first_name": "Anna"} if method == "PATCH" else None)
    assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (401, True)


@pytest.mark.parametrize("body", [{}, {"phone": None}], ids=str)
def test_a_change_that_names_nothing_is_refused(api: Api, body: dict[str, None]) -> None:
    assert api.person().call("PATCH", "/api/v1/auth/me/", body).status_code == 422
