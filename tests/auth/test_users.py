"""/api/v1/users/: staff administers people, and nobody rises by it."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.client import PASSWORD, Api, Person

USERS = "/api/v1/users/"


def patch(caller: Person, target: Person, **changes: Any) -> Any:
    """The answer to a change of an account."""
    return caller.call("PATCH", f"{USERS}{target.id}/", changes)


def rights(api: Api, person: Person) -> tuple[Any, ...]:
    """Role, is_active, is_staff, is_superuser."""
    return api.rows("SELECT role, is_active, is_staff, is_superuser FROM app_users WHERE id = %s", person.id)[0]


def test_it_lists_in_the_order_they_came_a_page_at_a_time(api: Api) -> None:
    people = [api.staff(), *(api.person() for _ in range(4))]
    seen, cursor = [], 0
    while cursor is not None:
        answer = people[0].call("GET", f"{USERS}?limit=2&cursor={cursor}")
        assert answer.status_code == 200
        seen.append([user["id"] for user in answer.get_json()["data"]["items"]])
        cursor = answer.get_json()["data"]["next"]
    ids = [person.id for person in people]
    assert seen == [ids[0:2], ids[2:4], ids[4:]]


def test_it_lists_50_unless_told(api: Api) -> None:
    staff = api.staff()
    api.rows("INSERT INTO app_users (email, password_hash) SELECT n || '@many.org', '' FROM generate_series(1, 60) n")
    page = staff.call("GET", USERS).get_json()["data"]
    assert (len(page["items"]), page["next"] is not None) == (50, True)


def test_it_shows_no_hash(api: Api) -> None:
    staff = api.staff()
    assert "$argon2" not in staff.call("GET", USERS).text + staff.call("GET", f"{USERS}{staff.id}/").text


@pytest.mark.parametrize(
    ("query", "count"), [("role=teacher", 1), ("q=ZOË", 1), ("q=person-", 3), ("q=%25", 0), ("q=_", 0)]
)
def test_it_narrows_the_list(api: Api, query: str, count: int) -> None:
    staff = api.staff()
    api.person(role="teacher")
    api.person(first_name="Zoë")
    assert len(staff.call("GET", f"{USERS}?{query}").get_json()["data"]["items"]) == count


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=-1", "role=god", "cursor=" + "9" * 30])
def test_it_names_a_bad_query(api: Api, query: str) -> None:
    answer = api.staff().call("GET", f"{USERS}?{query}")
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [query.partition("=")[0]])


@pytest.mark.parametrize("role", ["student", "teacher", "librarian"])
@pytest.mark.parametrize("call", ["list", "read", "change"])
def test_it_refuses_who_is_no_staff(api: Api, role: str, call: str) -> None:
    person = api.person(role=role)
    path = USERS if call == "list" else f"{USERS}{person.id}/"
    answer = person.call("PATCH" if call == "change" else "GET", path, {"role": "admin"} if call == "change" else None)
    assert answer.status_code == 403
    assert rights(api, person) == (role, True, False, False)


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_it_does_not_know_strangers(api: Api, method: str) -> None:
    answer = api.staff().call(method, f"{USERS}{uuid4()}/", {"is_active": True} if method == "PATCH" else None)
    assert (answer.status_code, answer.get_json()["message"]) == (404, "There is no such user")


def test_it_reads_one(api: Api) -> None:
    staff, person = api.staff(), api.person()
    answer = staff.call("GET", f"{USERS}{person.id}/")
    assert (answer.status_code, answer.get_json()["data"]["email"]) == (200, person.email)


@pytest.mark.parametrize(
    "changes",
    [{"role": "teacher"}, {"role": "librarian"}, {"email_verified": True, "phone_verified": True},
     {"identity_verified": True}, {"professional_verified": True}, {"is_active": False}],
    ids=str,
)  # fmt: skip
def test_staff_may_change(api: Api, changes: dict[str, Any]) -> None:
    staff, person = api.staff(), api.person()
    answer = patch(staff, person, **changes)
    assert answer.status_code == 200
    assert answer.get_json()["data"].items() >= changes.items()


@pytest.mark.parametrize(
    "changes", [{"is_staff": True}, {"role": "admin"}, {"role": "admin", "is_staff": True}], ids=str
)
def test_only_an_admin_gives_staff(api: Api, changes: dict[str, Any]) -> None:
    person = api.person()
    refused = patch(api.staff(), person, **changes)
    assert (refused.status_code, rights(api, person)) == (403, ("student", True, False, False))
    assert patch(api.admin(), person, **changes).status_code == 200
    assert rights(api, person)[2]


@pytest.mark.parametrize("changes", [{"is_staff": False}, {"role": "student"}, {"is_active": False}], ids=str)
@pytest.mark.parametrize("target", ["staff", "admin"])
def test_staff_keeps_its_hands_off_staff(api: Api, target: str, changes: dict[str, Any]) -> None:
    person = api.staff() if target == "staff" else api.admin()
    before = rights(api, person)
    assert patch(api.staff(), person, **changes).status_code == 403
    assert rights(api, person) == before


def test_staff_does_not_raise_itself(api: Api) -> None:
    staff = api.staff()
    assert patch(staff, staff, role="admin").status_code == 403
    assert rights(api, staff) == ("librarian", True, True, False)


@pytest.mark.parametrize("changes", [{"role": "student"}, {"is_staff": False}, {"is_active": False}], ids=str)
def test_an_admin_does_not_shut_itself_out(api: Api, changes: dict[str, Any]) -> None:
    admin = api.admin()
    assert patch(admin, admin, **changes).status_code == 403
    assert rights(api, admin)[:3] == ("admin", True, True)


def test_an_admin_is_staff_and_the_superuser(api: Api) -> None:
    admin, person = api.admin(), api.person()
    patch(admin, person, role="admin")
    assert rights(api, person) == ("admin", True, True, True)
    patch(admin, person, role="student", is_staff=False)
    assert rights(api, person) == ("student", True, False, False)


def test_an_admin_without_staff_cannot_be(api: Api) -> None:
    admin, other = api.admin(), api.admin()
    answer = patch(admin, other, is_staff=False)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["is_staff"])


@pytest.mark.parametrize(
    ("field", "value"),
    [("role", "god"), ("role", 1), ("is_active", "no"), ("is_staff", 1), ("is_superuser", True), ("email", "a@b.org"),
     ("password_hash", "x"), ("id", "x"), ("number", 1)],
)  # fmt: skip
def test_it_names_a_bad_field(api: Api, field: str, value: Any) -> None:
    answer = patch(api.admin(), api.person(), **{field: value})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


def test_disabling_stops_every_token_at_once(api: Api) -> None:
    staff, person = api.staff(), api.person()
    other = api.login(person.email)
    assert patch(staff, person, is_active=False).status_code == 200
    for token in (person.token, other):
        assert api.call("GET", "/verify", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_enabling_again_brings_no_old_token_back(api: Api) -> None:
    staff, person = api.staff(), api.person()
    patch(staff, person, is_active=False)
    patch(staff, person, is_active=True)
    assert person.call("GET", "/verify").status_code == 401
    assert api.call("POST", "/login", {"email": person.email, "password": PASSWORD}).status_code == 200


def test_a_demotion_counts_at_once(api: Api) -> None:
    admin, staff = api.admin(), api.staff()
    assert staff.call("GET", USERS).status_code == 200
    assert patch(admin, staff, is_staff=False).status_code == 200
    assert staff.call("GET", USERS).status_code == 403


def test_who_is_no_admin_any_more_is_no_staff_either(api: Api) -> None:
    admin, other = api.admin(), api.admin()
    answer = admin.call("PATCH", f"/api/v1/users/{other.id}/", {"role": "teacher"})
    assert [answer.get_json()["data"][name] for name in ("role", "is_staff", "is_superuser")] == [
        "teacher",
        False,
        False,
    ]


@pytest.mark.parametrize("body", [{}, {"role": None}, {"is_active": None}], ids=str)
def test_a_change_that_names_nothing_is_refused(api: Api, body: dict[str, None]) -> None:
    answer = api.admin().call("PATCH", f"/api/v1/users/{api.person().id}/", body)
    assert answer.status_code == 422
