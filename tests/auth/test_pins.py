"""PINs: made by a device's owner, told once, kept as verifiers, taken away; and the log of what doors were asked."""

from typing import Any

import pytest

from common.lock_protocol.codes import KEPT_PINS, MOST_PINS, PIN_HASHER, code_material
from common.lock_protocol.keys import from_text
from tests.support.client import Api, Person
from tests.support.locks import claim, log_of, share

PINS, LOGS = "/api/v1/access/pins/", "/api/v1/access/logs/"
VIEW = {
    "id",
    "device_id",
    "name",
    "is_active",
    "starts_at",
    "expires_at",
    "schedule",
    "max_uses",
    "uses",
    "one_time",
    "created_at",
}
LATE, LATER = "2099-01-01T00:00:00Z", "2099-02-01T00:00:00Z"


def add(person: Person, device: str, **fields: Any) -> dict[str, Any]:
    """A PIN as it was answered when it was made."""
    answer = person.call("POST", PINS, {"device_id": device, "name": "Cleaner", **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()["data"]
    return made


def fill(api: Api, device: str, count: int, columns: str = "", values: str = "") -> None:
    """PINs that nobody can type, as many as wanted."""
    api.rows(
        f"INSERT INTO access_pins (device_id, name, verifier{columns}) "
        f"SELECT %s, 'n', 'x'{values} FROM generate_series(1, %s)",
        device,
        count,
    )


def test_a_pin_is_told_once_and_kept_as_a_verifier(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    answer = anna.call("POST", PINS, {"device_id": device["id"], "name": "Cleaner", "pin": "482913"})
    made = answer.get_json()["data"]
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    assert (made.keys(), made["pin"]) == (VIEW | {"pin"}, "482913")
    assert (made["device_id"], made["name"], made["is_active"], made["uses"]) == (device["id"], "Cleaner", True, 0)
    listed = anna.call("GET", PINS)
    assert listed.get_json()["data"]["items"] == [{name: made[name] for name in VIEW}]
    assert "482913" not in listed.text + api.one("SELECT string_agg(p::text, '') FROM access_pins p")
    key = from_text(device["credentials"]["keys"]["code_key"])
    verifier = api.one("SELECT verifier FROM access_pins")
    assert PIN_HASHER.verify(verifier, code_material(key, "482913"))  # what the lock itself would find


def test_without_digits_six_are_drawn(api: Api) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    drawn = {add(anna, device)["pin"] for _ in range(3)}
    assert (len(drawn), {len(pin) for pin in drawn}) == (3, {6})
    assert all(pin.isdecimal() for pin in drawn)


def test_a_pin_of_everything(api: Api) -> None:
    anna = api.person()
    schedule = [{"days": ["mon", "fri"], "from": "08:00", "to": "24:00"}]
    given = {"starts_at": LATE, "expires_at": LATER, "schedule": schedule, "one_time": True}
    made = add(anna, claim(anna)["id"], **given)
    assert {name: made[name] for name in given} == {**given, "starts_at": LATE[:-1] + "+00:00"} | {
        "expires_at": LATER[:-1] + "+00:00"
    }
    assert made["max_uses"] == 1


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("pin", "123"),
        ("pin", "12345678901"),
        ("pin", "12a456"),
        ("pin", "٤٨٢٩١٣"),
        ("pin", "7777"),
        ("pin", "3456789"),
        ("pin", "9876"),
        ("name", ""),
        ("name", "two\nlines"),
        ("max_uses", 0),
        ("schedule", []),
        ("schedule", [{"days": ["mon"], "from": "08:00", "to": "09:00"}] * 21),
        ("schedule.0.days", [{"days": ["mon", "mon"], "from": "08:00", "to": "09:00"}]),
        ("schedule.0.days", [{"days": [], "from": "08:00", "to": "09:00"}]),
        ("schedule.0.days.0", [{"days": ["monday"], "from": "08:00", "to": "09:00"}]),
        ("schedule.0.from", [{"days": ["mon"], "from": "8:00", "to": "09:00"}]),
        ("schedule.0.from", [{"days": ["mon"], "from": "24:00", "to": "09:00"}]),
        ("schedule.0.to", [{"days": ["mon"], "from": "08:00", "to": "24:01"}]),
    ],
)
def test_a_wrong_field_is_named(api: Api, field: str, wrong: Any) -> None:
    anna = api.person()
    body = {"device_id": claim(anna)["id"], "name": "n", field.partition(".")[0]: wrong}
    answer = anna.call("POST", PINS, body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


@pytest.mark.parametrize(
    "window",
    [
        {"expires_at": "2001-01-01T00:00:00Z"},
        {"starts_at": "2000-06-01T00:00:00Z", "expires_at": "2001-01-01T00:00:00Z"},
        {"starts_at": LATER, "expires_at": LATE},
        {"starts_at": LATE, "expires_at": LATE},
    ],
    ids=["past", "all past", "before its start", "no time at all"],
)
def test_a_pin_that_never_could_open_is_none(api: Api, window: dict[str, str]) -> None:
    anna = api.person()
    answer = anna.call("POST", PINS, {"device_id": claim(anna)["id"], "name": "n", **window})
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == {"expires_at": ["must be after starts_at, and to come"]}
    assert api.one("SELECT count(*) FROM access_pins") == 0


def test_one_time_contradicts_more_uses(api: Api) -> None:
    anna = api.person()
    answer = anna.call("POST", PINS, {"device_id": claim(anna)["id"], "name": "n", "max_uses": 2, "one_time": True})
    assert list(answer.get_json()["errors"]) == ["one_time"]


def test_equal_digits_on_one_device_are_refused(api: Api) -> None:
    anna = api.person()
    one, other = claim(anna)["id"], claim(anna)["id"]
    first = add(anna, one, pin="482913")
    add(anna, other, pin="482913")
    again = {"device_id": one, "name": "Again", "pin": "482913"}
    assert anna.call("POST", PINS, again).status_code == 409
    assert anna.call("DELETE", f"{PINS}{first['id']}/").status_code == 204
    assert anna.call("POST", PINS, again).status_code == 201


def test_a_device_has_thirty_active_pins_at_most(api: Api) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    fill(api, device, MOST_PINS - 1)
    add(anna, device)
    refused = anna.call("POST", PINS, {"device_id": device, "name": "One more"})
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("columns", "values"),
    [(", max_uses, uses", ", 1, 1"), (", starts_at, expires_at", ", '2001-01-01', '2001-01-02'")],
    ids=["used up", "expired"],
)
def test_what_opens_nothing_any_more_makes_room(api: Api, columns: str, values: str) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    fill(api, device, 1)
    fill(api, device, MOST_PINS - 1, columns, values)
    add(anna, device)
    active = [pin["is_active"] for pin in anna.call("GET", PINS).get_json()["data"]["items"]]
    assert active == [True] + [False] * (MOST_PINS - 1 - KEPT_PINS) + [True] * (KEPT_PINS + 1)


def test_of_what_opens_nothing_as_much_stays_known_as_there_is_room(api: Api) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    fill(api, device, 2, ", starts_at, expires_at", ", '2001-01-01', '2001-01-02'")
    fill(api, device, MOST_PINS - 2)
    add(anna, device)
    active = [pin["is_active"] for pin in anna.call("GET", PINS).get_json()["data"]["items"]]
    assert active == [False] + [True] * MOST_PINS


def test_each_change_is_logged_and_the_lock_is_to_hear_of_it(api: Api) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    made = add(anna, device)
    assert api.one("SELECT codes_version FROM devices WHERE id = %s", device) == 1
    assert anna.call("DELETE", f"{PINS}{made['id']}/").data == b""
    assert api.one("SELECT codes_version FROM devices WHERE id = %s", device) == 2
    assert log_of(api, device)[-2:] == [("PIN_ADDED", True, anna.id), ("PIN_DELETED", True, anna.id)]
    assert anna.call("DELETE", f"{PINS}{made['id']}/").status_code == 404


def test_a_repeated_wish_makes_one_pin_and_tells_it_again(api: Api) -> None:
    anna = api.person()
    body = {"device_id": claim(anna)["id"], "name": "Cleaner"}
    first, again = (anna.call("POST", PINS, body, {"Idempotency-Key": "k"}) for _ in range(2))
    assert (again.status_code, again.data) == (201, first.data)
    assert api.one("SELECT count(*) FROM access_pins") == 1


def test_lists_hold_only_ones_own(api: Api) -> None:
    anna, bob = api.person(), api.person()
    one, other, bobs = claim(anna)["id"], claim(anna)["id"], claim(bob)["id"]
    made = [add(anna, one)["id"], add(anna, other)["id"], add(anna, one)["id"]]
    add(bob, bobs)
    share(bob, bobs, anna)

    def ids(path: str) -> list[int]:
        return [pin["id"] for pin in anna.call("GET", path).get_json()["data"]["items"]]

    assert ids(PINS) == made
    assert ids(f"{PINS}?device={one}") == [made[0], made[2]]
    page = anna.call("GET", f"{PINS}?limit=2").get_json()["data"]
    assert ids(f"{PINS}?limit=2&cursor={page['next']}") == made[2:]
    assert anna.call("GET", f"{PINS}?device={bobs}").status_code == 403


def test_a_pin_of_somebody_else_is_not_there(api: Api) -> None:
    anna, bob = api.person(), api.person()
    made = add(anna, claim(anna)["id"])
    answers = [bob.call("DELETE", f"{PINS}{pin_id}/") for pin_id in (made["id"], made["id"] + 1000)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.get_json()["detail"] for answer in answers}) == 1
    assert api.one("SELECT count(*) FROM access_pins") == 1


def test_the_access_log_tells_of_codes_and_doors_alone(api: Api) -> None:
    anna, bob = api.person(), api.person()
    one, other = claim(anna)["id"], claim(anna)["id"]
    share(anna, one, bob)
    add(anna, one)
    add(anna, other)

    def events(person: Person, query: str = "") -> list[tuple[str, str]]:
        answer = person.call("GET", LOGS + query)
        return [(entry["event_type"], entry["device_id"]) for entry in answer.get_json()["data"]["items"]]

    assert events(anna) == [("PIN_ADDED", other), ("PIN_ADDED", one)]
    assert events(anna, f"?device={one}") == [("PIN_ADDED", one)]
    assert events(anna, f"?from={LATE}") == []
    assert events(anna, "?to=2001-01-01T00:00:00Z") == []
    assert events(bob) == []
    assert bob.call("GET", f"{LOGS}?device={one}").status_code == 403
    page = anna.call("GET", f"{LOGS}?limit=1").get_json()["data"]
    assert events(anna, f"?limit=1&cursor={page['next']}") == [("PIN_ADDED", one)]
