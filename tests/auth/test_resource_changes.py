"""POST /actions/update and DELETE /actions/delete: who may, and what changes."""

import pytest

from tests.support.client import Api, Person

NOWHERE = 2**63 - 1


def make(person: Person, **fields: object) -> int:
    answer = person.call("POST", "/actions/create", {"name": "mine", **fields})
    assert answer.status_code == 201, answer.text
    made: int = answer.get_json()["id"]
    return made


def name_of(api: Api, resource_id: int) -> str | None:
    rows = api.rows("SELECT name FROM resources WHERE id = %s", resource_id)
    return rows[0][0] if rows else None


def test_an_owner_changes_a_field(api: Api) -> None:
    anna = api.person()
    mine = make(anna)
    answer = anna.call("POST", "/actions/update", {"id": mine, "name": "new"})
    assert (answer.status_code, answer.get_json()) == (200, {"message": "Resource updated successfully", "id": mine})
    assert name_of(api, mine) == "new"


def test_what_is_left_out_stays(api: Api) -> None:
    anna = api.person()
    mine = make(anna, author="Ada", kind="book")
    anna.call("POST", "/actions/update", {"id": mine, "kind": "film"})
    assert api.rows("SELECT name, author, kind FROM resources WHERE id = %s", mine) == [("mine", "Ada", "film")]


def test_null_empties_a_field(api: Api) -> None:
    anna = api.person()
    mine = make(anna, author="Ada", open_date="2026-01-01")
    anna.call("POST", "/actions/update", {"id": mine, "author": None, "open_date": None})
    assert api.rows("SELECT author, open_date FROM resources WHERE id = %s", mine) == [(None, None)]


def test_a_change_moves_updated_at_alone(api: Api) -> None:
    anna = api.person()
    mine = make(anna)
    api.rows("UPDATE resources SET created_at = now() - interval '1 day', updated_at = now() - interval '1 day'")
    anna.call("POST", "/actions/update", {"id": mine, "name": "new"})
    assert api.one("SELECT updated_at - created_at = interval '1 day' FROM resources WHERE id = %s", mine)


@pytest.mark.parametrize("change", [{"expiry_date": "2026-01-31"}, {"open_date": "2026-04-01"}], ids=str)
def test_it_refuses_days_that_do_not_fit_those_it_has(api: Api, change: dict[str, str]) -> None:
    anna = api.person()
    mine = make(anna, open_date="2026-02-01", expiry_date="2026-03-01")
    answer = anna.call("POST", "/actions/update", {"id": mine, **change})
    assert (answer.status_code, answer.get_json()["errors"]) == (422, {"expiry_date": ["must not be before open_date"]})


def test_it_wants_a_field_to_change(api: Api) -> None:
    anna = api.person()
    answer = anna.call("POST", "/actions/update", {"id": make(anna)})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["body"])


def test_an_owner_deletes(api: Api) -> None:
    anna = api.person()
    mine = make(anna)
    answer = anna.call("DELETE", "/actions/delete", {"id": mine})
    assert (answer.status_code, answer.get_json()) == (200, {"message": "Resource deleted successfully", "id": mine})
    assert name_of(api, mine) is None


@pytest.mark.parametrize(
    ("method", "path", "left"),
    [
        ("POST", "/actions/update", "new"),
        ("DELETE", "/actions/delete", None),
    ],
    ids=["update", "delete"],
)
@pytest.mark.parametrize(
    "rights",
    [
        {"is_staff": True},
        {"is_staff": True, "role": "admin"},
        {"is_staff": True, "role": "librarian"},
    ],
    ids=["staff", "admin", "staff librarian"],
)
def test_staff_may_change_anybodys(
    api: Api, rights: dict[str, object], method: str, path: str, left: str | None
) -> None:
    theirs = make(api.person())
    body = {"id": theirs, **({"name": "new"} if left else {})}
    assert api.person(**rights).call(method, path, body).status_code == 200
    assert name_of(api, theirs) == left


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("POST", "/actions/update", {"name": "stolen"}),
        ("DELETE", "/actions/delete", {}),
    ],
    ids=["update", "delete"],
)
@pytest.mark.parametrize("role", ["student", "teacher", "librarian"])
def test_a_stranger_may_not(api: Api, role: str, method: str, path: str, more: dict[str, str]) -> None:
    theirs = make(api.person())
    answer = api.person(role=role).call(method, path, {"id": theirs, **more})
    assert answer.status_code == 403
    assert name_of(api, theirs) == "mine"


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("POST", "/actions/update", {"name": "x"}),
        ("DELETE", "/actions/delete", {}),
    ],
    ids=["update", "delete"],
)
def test_an_unknown_id_is_not_found(api: Api, method: str, path: str, more: dict[str, str]) -> None:
    assert api.person().call(method, path, {"id": NOWHERE, **more}).status_code == 404


def test_what_is_deleted_cannot_be_deleted_again(api: Api) -> None:
    anna = api.person()
    mine = make(anna)
    anna.call("DELETE", "/actions/delete", {"id": mine})
    assert anna.call("DELETE", "/actions/delete", {"id": mine}).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/actions/create"),
        ("GET", "/actions/read"),
        ("GET", "/actions/read?limit=1"),
        ("POST", "/actions/update"),
        ("DELETE", "/actions/delete"),
    ],
)
def test_it_wants_a_token_before_anything_else(api: Api, method: str, path: str) -> None:
    answer = api.client.open(path, method=method, data=b"\xff", content_type="text/nonsense")
    assert answer.status_code == 401
