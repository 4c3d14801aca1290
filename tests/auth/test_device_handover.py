"""What makes old secrets and rights void: rotation, transfer; and what a new owner does not see."""

from typing import Any

import pytest

from tests.support.client import Api, Person
from tests.support.locks import DEVICES, claim, claim_online, log_of, share


def rotate(person: Person, device: str, **body: Any) -> dict[str, Any]:
    answer = person.call("POST", f"{DEVICES}{device}/credentials/rotate/", body)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    told: dict[str, Any] = answer.get_json()["data"]
    return told


def hand_over(owner: Person, device: str, email: str) -> int:
    return owner.call("POST", f"{DEVICES}{device}/transfer/", {"email": email}).status_code


def test_rotation_makes_all_secrets_anew_but_the_code_key(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    old, new = device["credentials"], rotate(anna, device["id"])
    assert new["mqtt"]["password"] != old["mqtt"]["password"]
    kept = {name for name in new["keys"] if new["keys"][name] == old["keys"][name]}
    assert kept == {"code_key"}
    assert log_of(api, device["id"])[1:] == [("ROTATED", True, anna.id)]


@pytest.mark.parametrize(("only", "versions"), [("mqtt", (2, 1, 1)), ("keys", (1, 2, 1)), (None, (2, 2, 1))], ids=str)
def test_rotation_may_be_of_some_only(api: Api, only: str | None, versions: tuple[int, int, int]) -> None:
    anna = api.person()
    told = rotate(anna, claim(anna)["id"], only=only)
    assert [name for name in ("mqtt", "keys") if told[name]] == ([only] if only else ["mqtt", "keys"])
    assert api.rows("SELECT mqtt_version, key_version, code_key_version FROM devices") == [versions]


def test_rotation_wants_no_body(api: Api) -> None:
    anna = api.person()
    path = f"{DEVICES}{claim(anna)['id']}/credentials/rotate/"
    assert anna.call("POST", path).status_code == 200
    assert anna.call("POST", path, {"only": "all"}).status_code == 422


def test_a_repeated_rotation_rotates_once(api: Api) -> None:
    anna = api.person()
    path = f"{DEVICES}{claim(anna)['id']}/credentials/rotate/"
    first, again = (anna.call("POST", path, {}, {"Idempotency-Key": "k"}) for _ in range(2))
    assert again.data == first.data
    assert api.one("SELECT mqtt_version FROM devices") == 2


def test_a_transfer_takes_every_old_right_away(api: Api) -> None:
    anna, bob, carl = api.person(), api.person(), api.person()
    device = claim_online(anna)
    share(anna, device, carl)
    api.rows("INSERT INTO access_pins (device_id, name, verifier) VALUES (%s, 'n', 'v')", device)
    anna.call("POST", f"{DEVICES}{device}/unlock/")
    assert hand_over(anna, device, bob.email.upper()) == 200
    path = f"{DEVICES}{device}/"
    assert [who.call("GET", path).status_code for who in (anna, carl, bob)] == [404, 404, 200]
    versions = "mqtt_version, key_version, code_key_version, codes_version"
    assert api.rows(f"SELECT {versions} FROM devices") == [(2, 2, 2, 1)]
    assert [api.one(f"SELECT count(*) FROM {table}") for table in ("device_shares", "access_pins")] == [0, 0]
    assert api.rows("SELECT status, reason FROM device_commands") == [("expired", "the device was transferred")]


def test_nobody_is_told_the_secrets_of_a_transferred_device_until_its_owner_rotates(api: Api) -> None:
    anna, bob = api.person(), api.person()
    device = claim(anna)
    answer = anna.call("POST", f"{DEVICES}{device['id']}/transfer/", {"email": bob.email})
    assert answer.get_json()["data"] is None
    new, old = rotate(bob, device["id"]), device["credentials"]
    assert not set(new["keys"].values()) & set(old["keys"].values())
    assert new["mqtt"]["password"] != old["mqtt"]["password"]


def test_a_new_owner_sees_nothing_of_before(api: Api) -> None:
    anna, bob = api.person(), api.person()
    device = claim_online(anna)
    asked = anna.call("POST", f"{DEVICES}{device}/unlock/").get_json()["data"]["id"]
    hand_over(anna, device, bob.email)
    assert bob.call("GET", f"{DEVICES}{device}/logs/").get_json()["data"] == {"items": [], "next": None}
    bob.call("PATCH", f"{DEVICES}{device}/", {"name": "Bob's"})
    assert [entry["event_type"] for entry in logs(bob, device)] == ["CHANGED"]
    assert [event for event, _, _ in log_of(api, device)] == ["CLAIMED", "UNLOCK", "TRANSFERRED", "CHANGED"]
    assert bob.call("GET", f"{DEVICES}{device}/commands/{asked}/").status_code == 404


@pytest.mark.parametrize(("email", "reason"), [("nobody@example.com", "has no account here"), ("", "is your own")])
def test_whom_it_cannot_be_given_to(api: Api, email: str, reason: str) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    answer = anna.call("POST", f"{DEVICES}{device}/transfer/", {"email": email or anna.email})
    assert (answer.status_code, answer.get_json()["errors"]) == (422, {"email": [reason]})


def logs(person: Person, device: str, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.call("GET", f"{DEVICES}{device}/logs/{query}").get_json()["data"]["items"]
    return items


def test_the_log_is_told_newest_first_page_by_page(api: Api) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    for name in ("One", "Two"):
        anna.call("PATCH", f"{DEVICES}{device}/", {"name": name})
    whole = logs(anna, device)
    assert [entry["event_type"] for entry in whole] == ["CHANGED", "CHANGED", "CLAIMED"]
    page = anna.call("GET", f"{DEVICES}{device}/logs/?limit=2").get_json()["data"]
    assert page["items"] + logs(anna, device, f"?cursor={page['next']}") == whole


def test_an_entry_tells_who_and_from_where_and_its_seal(api: Api) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    [entry] = logs(anna, device)
    assert entry.keys() == {
        "id",
        "device_id",
        "user_id",
        "event_type",
        "description",
        "success",
        "ip_address",
        "created_at",
        "happened_at",
        "hash",
    }
    assert entry["happened_at"] == entry["created_at"]
    assert (entry["user_id"], entry["ip_address"], entry["success"]) == (anna.id, "127.0.0.1", True)
    assert entry["hash"] == bytes(api.one("SELECT head FROM device_chains")).hex()
