"""/health/api/maintenance/: staff plans, everybody reads, and what has been is never changed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.auth.watched import endpoint, faults
from tests.support.client import Api, Person

MAINTENANCE = "/health/api/maintenance/"


@dataclass(frozen=True)
class In:
    """So many hours from now; a test's name must not hold the time it was collected at."""

    hours: float


def moment(hours: float) -> str:
    """So many hours from now, as a request tells it."""
    return (datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)).isoformat()


def said(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields with their moments as a request tells them."""
    return {name: moment(value.hours) if isinstance(value, In) else value for name, value in fields.items()}


def body(**fields: Any) -> dict[str, Any]:
    """A plan of an hour, for all, tomorrow."""
    return {"title": "New disks", "starts_at": moment(24), "ends_at": moment(25), "is_for_all": True, **fields}


def plan(staff: Person, **fields: Any) -> dict[str, Any]:
    """Maintenance that staff plans, as it is answered."""
    answer = staff.call("POST", MAINTENANCE, body(**fields))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made


def begun(api: Api, staff: Person, hours: float = 3, **fields: Any) -> dict[str, Any]:
    """A plan whose first occurrence began so many hours ago and lasts for five."""
    made = plan(staff, **fields)
    api.rows(
        "UPDATE maintenance SET starts_at = now() - %s * interval '1 hour',"
        " ends_at = now() - %s * interval '1 hour' + interval '5 hours' WHERE id = %s",
        hours, hours, made["id"],
    )  # fmt: skip
    return read(staff, made)


def change(staff: Person, made: dict[str, Any], **changes: Any) -> Any:
    """The answer to a change of a plan."""
    return staff.call("PATCH", f"{MAINTENANCE}{made['id']}/", changes)


def read(caller: Api | Person, made: dict[str, Any]) -> dict[str, Any]:
    """A plan as the caller sees it."""
    found: dict[str, Any] = caller.call("GET", f"{MAINTENANCE}{made['id']}/").get_json()
    return found


@pytest.fixture
def staff(api: Api) -> Person:
    """Staff."""
    return api.staff()


def test_everybody_reads_what_is_planned(api: Api, staff: Person) -> None:
    made = plan(staff, description="Better ones.")
    assert made.items() >= {
        "title": "New disks", "description": "Better ones.", "rrule": None, "timezone": "UTC", "repeats_until": None,
        "is_for_all": True, "endpoints": [], "is_active": False,
    }.items()  # fmt: skip
    assert made["occurrences"] == [{"starts_at": made["starts_at"], "ends_at": made["ends_at"]}]
    assert api.call("GET", MAINTENANCE).get_json() == {"items": [made], "next": None}


def test_a_rule_goes_by_the_wall_clock_of_its_zone(staff: Person) -> None:
    made = plan(
        staff, starts_at="2031-03-22T02:00:00+01:00", ends_at="2031-03-22T03:00:00+01:00", rrule="FREQ=WEEKLY;COUNT=3",
        timezone="Europe/Berlin",
    )  # fmt: skip
    assert [one["starts_at"] for one in made["occurrences"]] == [
        "2031-03-22T01:00:00+00:00", "2031-03-29T01:00:00+00:00", "2031-04-05T00:00:00+00:00",
    ]  # fmt: skip


def test_five_occurrences_are_told_at_most(staff: Person) -> None:
    assert len(plan(staff, rrule="FREQ=DAILY")["occurrences"]) == 5


def test_what_runs_is_active(api: Api, staff: Person) -> None:
    assert begun(api, staff)["is_active"]
    assert not begun(api, staff, hours=9)["is_active"]
    assert begun(api, staff, hours=9)["occurrences"] == []


def test_who_is_no_staff_hears_nothing_of_hidden_endpoints(api: Api, staff: Person) -> None:
    shown, hidden = endpoint(staff), endpoint(staff, name="Vault", is_public=False)
    secret = plan(staff, is_for_all=False, endpoints=[hidden["id"]])
    mixed = plan(staff, is_for_all=False, endpoints=[hidden["id"], shown["id"], shown["id"]])
    found = api.call("GET", MAINTENANCE).get_json()["items"]
    assert [(item["id"], [one["id"] for one in item["endpoints"]]) for item in found] == [(mixed["id"], [shown["id"]])]
    assert api.call("GET", f"{MAINTENANCE}{secret['id']}/").status_code == 404
    assert len(read(staff, mixed)["endpoints"]) == 2


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("title", {"title": "two\nlines"}), ("description", {"description": "x" * 5001}),
        ("starts_at", {"starts_at": "2031-01-01T00:00:00"}), ("starts_at", {"starts_at": 1924992000}),
        ("starts_at", {"starts_at": "1924992000"}), ("starts_at", {"starts_at": "2031-01-01"}),
        ("starts_at", {"starts_at": "9999-12-31T23:59:59-14:00"}), ("starts_at", {"starts_at": In(-1)}),
        ("ends_at", {"ends_at": In(23)}), ("ends_at", {"ends_at": In(24 + 31 * 24)}), ("ends_at", {"ends_at": None}),
        ("rrule", {"rrule": "FREQ=SECONDLY"}), ("rrule", {"rrule": "every day"}), ("rrule", {"rrule": "x" * 301}),
        ("timezone", {"timezone": "Mars/Base"}), ("timezone", {"timezone": "../../etc/passwd"}),
        ("timezone", {"timezone": ""}),
        ("repeats_until", {"repeats_until": In(99)}),
        ("repeats_until", {"repeats_until": In(1), "rrule": "FREQ=DAILY"}),
        ("endpoints", {"is_for_all": False}), ("endpoints", {"endpoints": [1]}),
        ("endpoints", {"is_for_all": False, "endpoints": [4711]}), ("planned_by", {"planned_by": "me"}),
    ],
    ids=lambda value: str(value)[:50],
)  # fmt: skip
def test_a_fault_is_told_by_its_field(api: Api, staff: Person, field: str, fields: dict[str, Any]) -> None:
    assert faults(staff.call("POST", MAINTENANCE, body(**said(fields)))) == [field]
    assert api.one("SELECT count(*) FROM maintenance") == 0


def test_maintenance_may_begin_at_once(staff: Person) -> None:
    assert plan(staff, starts_at=moment(0), ends_at=moment(1))["is_active"]


def test_what_has_not_begun_may_change_in_all(staff: Person) -> None:
    made, shop = plan(staff), endpoint(staff)
    changes = {
        "title": "Other", "starts_at": moment(48), "ends_at": moment(50), "rrule": "FREQ=WEEKLY",
        "timezone": "Asia/Tokyo", "is_for_all": False, "endpoints": [shop["id"]],
    }  # fmt: skip
    found = change(staff, made, **changes).get_json()
    assert (found["title"], found["rrule"], found["timezone"], found["is_for_all"]) == (
        "Other", "FREQ=WEEKLY", "Asia/Tokyo", False,
    )  # fmt: skip
    assert [one["id"] for one in found["endpoints"]] == [shop["id"]]
    assert faults(change(staff, made, starts_at=moment(-2))) == ["starts_at"]
    assert faults(change(staff, made, endpoints=[])) == ["endpoints"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("starts_at", In(-4)), ("starts_at", In(1)), ("rrule", "FREQ=DAILY"), ("timezone", "Asia/Tokyo"),
     ("is_for_all", False), ("ends_at", In(-1)), ("repeats_until", In(50))],
    ids=str,
)  # fmt: skip
def test_of_what_has_begun_the_past_stays(api: Api, staff: Person, field: str, value: Any) -> None:
    made, shop = begun(api, staff), endpoint(staff)
    more = {"endpoints": [shop["id"]]} if field == "is_for_all" else {}
    assert field in faults(change(staff, made, **said({field: value}), **more))
    assert read(staff, made) == made


def test_of_what_has_begun_words_and_end_may_change(api: Api, staff: Person) -> None:
    made = begun(api, staff)
    end = moment(1)
    same = {name: made[name] for name in ("starts_at", "timezone", "rrule", "is_for_all")}
    found = change(staff, made, **same, title="Longer", description="Sorry.", ends_at=end)
    assert found.status_code == 200, found.text
    assert (found.get_json()["title"], datetime.fromisoformat(found.get_json()["ends_at"])) == (
        "Longer", datetime.fromisoformat(end),
    )  # fmt: skip


def test_of_what_recurs_the_end_is_the_end_of_repetition(api: Api, staff: Person) -> None:
    made = begun(api, staff, hours=3, rrule="FREQ=DAILY")
    assert faults(change(staff, made, ends_at=moment(9))) == ["ends_at"]
    assert change(staff, made, repeats_until=moment(50)).status_code == 200
    assert change(staff, made, repeats_until=None).status_code == 200
    assert faults(change(staff, made, repeats_until=moment(-1))) == ["repeats_until"]


@pytest.mark.parametrize("rule", [None, "FREQ=DAILY"])
def test_what_is_over_does_not_come_back(api: Api, staff: Person, rule: str | None) -> None:
    made = begun(api, staff, hours=9, rrule=rule)
    if rule:
        api.rows("UPDATE maintenance SET repeats_until = now() - interval '1 hour'")
    assert faults(change(staff, made, **{"repeats_until" if rule else "ends_at": moment(9)}))
    assert change(staff, made, title="Done").status_code == 200


def test_a_plan_that_goes_before_it_began_was_never_there(api: Api, staff: Person) -> None:
    made = plan(staff)
    assert staff.call("DELETE", f"{MAINTENANCE}{made['id']}/").status_code == 204
    assert api.one("SELECT count(*) FROM maintenance") == 0
    assert staff.call("DELETE", f"{MAINTENANCE}{made['id']}/").status_code == 404


@pytest.mark.parametrize("rule", [None, "FREQ=DAILY"])
def test_a_plan_that_runs_ends_now(api: Api, staff: Person, rule: str | None) -> None:
    made = begun(api, staff, rrule=rule)
    for _ in range(2):
        assert staff.call("DELETE", f"{MAINTENANCE}{made['id']}/").status_code == 204
    found = read(api, made)
    assert (found["is_active"], found["occurrences"], found["starts_at"]) == (False, [], made["starts_at"])
    ended = datetime.fromisoformat(found["repeats_until" if rule else "ends_at"])
    assert abs(ended - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_only_staff_plans(api: Api, staff: Person, method: str) -> None:
    made = plan(staff)
    path = MAINTENANCE if method == "POST" else f"{MAINTENANCE}{made['id']}/"
    assert api.call(method, path, body()).status_code == 401
    assert api.person().call(method, path, body()).status_code == 403
    assert api.one("SELECT count(*) FROM maintenance") == 1
