"""POST /api/v1/auth/password/: choosing another password."""

from typing import Any

import pytest

from tests.support.client import PASSWORD, Api, Person

PATH = "/api/v1/auth/password/"
NEW = "quite another horse"


def change(person: Person, current: str = PASSWORD, new: Any = NEW) -> Any:
    """The answer to a change of password."""
    return person.call("POST", PATH, {"current": current, "new": new})


def works(person: Person, token: str) -> bool:
    """Whether a token is good."""
    return person.api.call("GET", "/verify", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def signs_in(api: Api, person: Person, password: str) -> bool:
    """Whether a password opens the account."""
    return api.call("POST", "/login", {"email": person.email, "password": password}).status_code == 200


def test_it_makes_the_new_one_the_only_one(api: Api) -> None:
    person = api.person()
    answer = change(person)
    assert (answer.status_code, answer.data) == (204, b"")
    assert signs_in(api, person, NEW)
    assert not signs_in(api, person, PASSWORD)


def test_it_ends_every_other_family_and_no_other_persons(api: Api) -> None:
    person, bystander = api.person(), api.person()
    other = api.login(person.email)
    family = api.call("POST", "/api/v1/auth/login/", {"email": person.email, "password": PASSWORD})
    tokens = family.get_json()["data"]["tokens"]
    assert change(person).status_code == 204
    assert not works(person, other)
    assert not works(person, tokens["access"])
    assert api.call("POST", "/api/v1/auth/token/refresh/", {"refresh": tokens["refresh"]}).status_code == 401
    assert works(person, bystander.token)


def test_it_keeps_the_session_that_asks(api: Api) -> None:
    person = api.person()
    change(person)
    assert works(person, person.token)


def test_it_refuses_a_wrong_current_one_and_ends_nothing(api: Api) -> None:
    person = api.person()
    other = api.login(person.email)
    answer = change(person, current="something else")
    assert (answer.status_code, answer.get_json()["errors"]) == (422, {"current": ["is not your password"]})
    assert signs_in(api, person, PASSWORD)
    assert works(person, other)


@pytest.mark.parametrize("new", ["1234567", "x" * 129, "", None, "correct\0horse", 12345678])
def test_it_refuses_a_new_one_that_cannot_be(api: Api, new: Any) -> None:
    answer = change(api.person(), new=new)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["new"])


def test_a_stolen_token_guesses_the_password_at_most_10_times(api: Api) -> None:
    person = api.person()
    statuses = [change(person, current=f"guess {number}").status_code for number in range(12)]
    assert statuses == [422] * 10 + [429] * 2


def test_it_wants_a_token(api: Api) -> None:
    assert api.call("POST", PATH, {"current": PASSWORD, "new": NEW}).status_code == 401
