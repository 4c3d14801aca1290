"""Devices: claimed, seen, changed, given up."""

import pytest

from tests.support.client import Api
from tests.support.locks import DEVICES, claim, claim_online, log_of, new_name, set_online, share

VIEW = {
    "id",
    "device_id",
    "name",
    "owner",
    "access",
    "status",
    "is_locked",
    "is_online",
    "battery_level",
    "firmware_version",
    "rssi",
    "timezone",
    "last_seen_at",
    "created_at",
    "updated_at",
}
ALL_KEYS = {"command_key", "api_key", "qr_key", "code_key"}


def test_a_claim_answers_the_device_and_its_secrets(api: Api) -> None:
    anna, name = api.person(), new_name()
    answer = anna.call("POST", DEVICES, {"device_id": name, "name": "Front door", "timezone": "Europe/Berlin"})
    device = answer.get_json()["data"]
    assert (answer.status_code, answer.get_json()["success"], answer.headers["Cache-Control"]) == (
        201,
        True,
        "no-store",
    )
    assert device.keys() == VIEW | {"credentials"}
    assert (device["device_id"], device["owner"], device["access"]) == (name, anna.email, "owner")
    assert (device["status"], device["is_online"], device["battery_level"]) == ("ACTIVE", False, None)
    assert (device["firmware_version"], device["timezone"]) == ("1.0.0", "Europe/Berlin")
    mqtt, keys = device["credentials"]["mqtt"], device["credentials"]["keys"]
    assert (mqtt["username"], mqtt["client_id"], mqtt["url"]) == (name, name, "mqtt://localhost:1883")
    assert keys.keys() == ALL_KEYS
    assert len({mqtt["password"], *keys.values()}) == 5


def test_secrets_are_told_once_and_kept_nowhere(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    secrets = [device["credentials"]["mqtt"]["password"], *device["credentials"]["keys"].values()]
    seen = anna.call("GET", f"{DEVICES}{device['id']}/").text + anna.call("GET", DEVICES).text
    kept = api.one("SELECT row_to_json(d)::text FROM devices d")
    assert [secret for secret in secrets if secret in seen + kept] == []


def test_a_repeated_claim_answers_the_same_secrets(api: Api) -> None:
    anna, body = api.person(), {"device_id": new_name()}
    first, again = (anna.call("POST", DEVICES, body, {"Idempotency-Key": "k"}) for _ in range(2))
    assert (again.status_code, again.data) == (201, first.data)
    assert [answer.headers["Cache-Control"] for answer in (first, again)] == ["no-store"] * 2
    assert api.one("SELECT count(*) FROM devices") == 1


def test_a_claim_makes_every_row_of_a_device(api: Api) -> None:
    device = claim(api.person())["id"]
    for table in ("device_states", "device_chains", "code_brakes"):
        assert api.one(f"SELECT count(*) FROM {table} WHERE device_id = %s", device) == 1
    assert [event for event, _, _ in log_of(api, device)] == ["CLAIMED"]


def test_a_known_device_id_is_refused_and_a_freed_one_is_not(api: Api) -> None:
    anna, bob, name = api.person(), api.person(), new_name()
    mine = claim(anna, name)
    answer = bob.call("POST", DEVICES, {"device_id": name})
    assert (answer.status_code, answer.get_json()["message"]) == (409, "Device already exists")
    assert anna.email not in answer.text
    anna.call("DELETE", f"{DEVICES}{mine['id']}/")
    theirs = claim(bob, name)
    assert theirs["id"] != mine["id"]
    assert theirs["credentials"]["mqtt"]["password"] != mine["credentials"]["mqtt"]["password"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "device_id"),
        ({"device_id": ""}, "device_id"),
        ({"device_id": "a" * 51}, "device_id"),
        ({"device_id": "a/b"}, "device_id"),
        ({"device_id": "a\n"}, "device_id"),
        ({"device_id": "lock+"}, "device_id"),
        ({"device_id": "collector"}, "device_id"),
        ({"device_id": "collector-check"}, "device_id"),
        ({"device_id": "fleet"}, "device_id"),
        ({"device_id": "x", "name": ""}, "name"),
        ({"device_id": "x", "name": "n" * 101}, "name"),
        ({"device_id": "x", "name": "a\nb"}, "name"),
        ({"device_id": "x", "timezone": "Mars/Olympus"}, "timezone"),
        ({"device_id": "x", "timezone": "../etc/passwd"}, "timezone"),
        ({"device_id": "x", "owner": "me"}, "owner"),
    ],
)
def test_a_wrong_claim_names_its_field(api: Api, body: dict[str, str], field: str) -> None:
    answer = api.person().call("POST", DEVICES, body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


def test_online_is_who_was_heard_of_late(api: Api) -> None:
    anna = api.person()
    device = claim_online(anna)
    for seconds, is_online in ((89, True), (91, False)):
        api.collect("UPDATE device_states SET last_seen_at = now() - %s * interval '1 second'", seconds)
        assert anna.call("GET", f"{DEVICES}{device}/").get_json()["data"]["is_online"] is is_online


def test_a_list_shows_own_and_shared_devices_page_by_page(api: Api) -> None:
    anna, bob = api.person(), api.person()
    wanted = [claim(anna)["id"] for _ in range(3)]
    theirs = claim(bob)["id"]
    share(bob, theirs, anna)
    claim(bob)
    seen, cursor = [], ""
    for _ in range(2):
        data = anna.call("GET", f"{DEVICES}?limit=2&cursor={cursor}").get_json()["data"]
        seen += [(device["id"], device["access"]) for device in data["items"]]
        cursor = data["next"]
    assert sorted(seen) == sorted([(device, "owner") for device in wanted] + [(theirs, "shared")])
    assert cursor is None


@pytest.mark.parametrize("cursor", ["x", "1", "1-", "-" + "a" * 32, "1-" + "g" * 32, "9" * 17 + "-" + "a" * 32])
def test_a_wrong_cursor_is_a_fault_of_its_field(api: Api, cursor: str) -> None:
    answer = api.person().call("GET", f"{DEVICES}?cursor={cursor}")
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["cursor"])


def test_staff_sees_all_when_it_asks_for_all(api: Api) -> None:
    anna, staff = api.person(), api.staff()
    device = claim(anna)["id"]
    assert staff.call("GET", DEVICES).get_json()["data"]["items"] == []
    [seen] = staff.call("GET", f"{DEVICES}?all=1").get_json()["data"]["items"]
    assert (seen["id"], seen["access"], seen["owner"]) == (device, None, anna.email)
    assert anna.call("GET", f"{DEVICES}?all=1").status_code == 403


def test_changes_are_seen_and_logged(api: Api) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    changes = {"name": "Back door", "status": "INACTIVE", "timezone": "Asia/Tokyo"}
    changed = anna.call("PATCH", f"{DEVICES}{device}/", changes).get_json()["data"]
    assert {name: changed[name] for name in changes} == changes
    assert log_of(api, device)[1:] == [("CHANGED", True, anna.id)]


def test_a_change_that_changes_nothing_leaves_nothing(api: Api) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    assert anna.call("PATCH", f"{DEVICES}{device}/", {"name": "Front door"}).status_code == 200
    assert len(log_of(api, device)) == 1


@pytest.mark.parametrize(("changes", "raised"), [({"name": "x"}, 0), ({"timezone": "Asia/Tokyo"}, 1)])
def test_a_change_that_codes_depend_on_raises_their_version(api: Api, changes: dict[str, str], raised: int) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    anna.call("PATCH", f"{DEVICES}{device}/", changes)
    assert api.one("SELECT codes_version FROM devices") == raised


@pytest.mark.parametrize(
    "changes", [{}, {"status": "BROKEN"}, {"timezone": ""}, {"name": None}, {"device_id": "x"}], ids=str
)
def test_a_wrong_change_is_refused(api: Api, changes: dict[str, str]) -> None:
    anna = api.person()
    assert anna.call("PATCH", f"{DEVICES}{claim(anna)['id']}/", changes).status_code == 422


def test_a_deleted_device_is_gone_with_all_its_rights(api: Api) -> None:
    anna, bob = api.person(), api.person()
    device = claim_online(anna)
    share(anna, device, bob)
    api.rows("INSERT INTO access_pins (device_id, name, verifier) VALUES (%s, 'n', 'v')", device)
    opening = "INSERT INTO alerts (rule, subject, device_id, severity, message) VALUES ('jam', 'x', %s, 'warning', 'm')"
    api.collect(opening, device)
    anna.call("POST", f"{DEVICES}{device}/unlock/")
    assert anna.call("DELETE", f"{DEVICES}{device}/").status_code == 204
    assert [who.call("GET", f"{DEVICES}{device}/").status_code for who in (anna, bob)] == [404, 404]
    assert anna.call("GET", DEVICES).get_json()["data"]["items"] == []
    assert api.rows("SELECT status, reason FROM device_commands") == [("expired", "device deleted")]
    assert [api.one(f"SELECT count(*) FROM {table}") for table in ("device_shares", "access_pins")] == [0, 0]
    assert api.one("SELECT resolved_by::text FROM alerts WHERE resolved_at IS NOT NULL") == anna.id
    assert log_of(api, device)[2:] == [("UNLOCK", False, anna.id), ("DELETED", True, anna.id)]


def test_a_device_tells_what_its_lock_said(api: Api) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    set_online(api, device)
    api.collect("UPDATE device_states SET is_locked = false, battery_level = 7, rssi = -61, firmware_version = '2.1.0'")
    seen = anna.call("GET", f"{DEVICES}{device}/").get_json()["data"]
    assert (seen["is_locked"], seen["battery_level"], seen["rssi"], seen["firmware_version"]) == (
        False,
        7,
        -61,
        "2.1.0",
    )
    assert seen["last_seen_at"]
