"""Sharing a device: what a guest may, when, and how it ends."""

from typing import Any

import pytest

from tests.support.client import Api, Person
from tests.support.locks import DEVICES, claim, claim_online, log_of, share

HOUR_AGO, IN_AN_HOUR = "now() - interval '1 hour'", "now() + interval '1 hour'"


def shares_of(owner: Person, device: str, query: str = "") -> dict[str, Any]:
    data: dict[str, Any] = owner.call("GET", f"{DEVICES}{device}/shares/{query}").get_json()["data"]
    return data


def test_a_share_is_told_as_it_was_made(api: Api) -> None:
    anna, bob = api.person(), api.person()
    device = claim(anna)["id"]
    window = {"valid_from": "2026-01-01T00:00:00+00:00", "valid_until": "2199-01-01T00:00:00+00:00"}
    made = share(anna, device, bob, can_lock=False, **window)
    assert made == {
        "id": made["id"],
        "shared_with": bob.email,
        "can_unlock": True,
        "can_lock": False,
        "is_active": True,
        **window,
    }
    assert shares_of(anna, device) == {"items": [made], "next": None}
    assert log_of(api, device)[1:] == [("SHARED", True, anna.id)]


def test_a_share_begins_now_unless_told_otherwise(api: Api) -> None:
    anna, bob = api.person(), api.person()
    device = claim(anna)["id"]
    made = share(anna, device, bob)
    assert made["valid_until"] is None
    assert bob.call("GET", f"{DEVICES}{device}/").get_json()["data"]["access"] == "shared"


def test_shares_come_page_by_page(api: Api) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    made = {share(anna, device, api.person())["id"] for _ in range(3)}
    first = shares_of(anna, device, "?limit=2")
    second = shares_of(anna, device, f"?limit=2&cursor={first['next']}")
    assert {item["id"] for item in first["items"] + second["items"]} == made
    assert (len(first["items"]), second["next"]) == (2, None)


@pytest.mark.parametrize("case", ["unknown", "disabled", "oneself"])
def test_whom_it_cannot_be_shared_with(api: Api, case: str) -> None:
    anna, bob = api.person(), api.person()
    device = claim(anna)["id"]
    if case == "disabled":
        api.rows("UPDATE app_users SET is_active = false WHERE id = %s", bob.id)
    email = {"unknown": "nobody@example.com", "disabled": bob.email, "oneself": anna.email.upper()}[case]
    answer = anna.call("POST", f"{DEVICES}{device}/shares/", {"shared_with": email})
    reason = "is your own" if case == "oneself" else "has no account here"
    assert (answer.status_code, answer.get_json()["errors"]) == (422, {"shared_with": [reason]})
    assert shares_of(anna, device)["items"] == []


def test_a_second_share_for_the_same_person_is_refused(api: Api) -> None:
    anna, bob = api.person(), api.person()
    device = claim(anna)["id"]
    share(anna, device, bob)
    assert anna.call("POST", f"{DEVICES}{device}/shares/", {"shared_with": bob.email.upper()}).status_code == 409


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"can_unlock": False, "can_lock": False}, "can_unlock"),
        ({"valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-02-01T00:00:00Z"}, "valid_until"),
        ({"valid_until": "2026-02-01"}, "valid_until"),
        ({"can_unlock": "yes"}, "can_unlock"),
        ({"can_reboot": True}, "can_reboot"),
    ],
)
def test_a_wrong_share_names_its_field(api: Api, fields: dict[str, Any], field: str) -> None:
    anna, bob = api.person(), api.person()
    path, made = f"{DEVICES}{claim(anna)['id']}/shares/", {"shared_with": bob.email}
    answer = anna.call("POST", path, {**made, **fields})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    share_id = anna.call("POST", path, made).get_json()["data"]["id"]
    assert anna.call("PATCH", f"{path}{share_id}/", fields).status_code == 422


def test_a_changed_share_counts_at_once_and_is_logged(api: Api) -> None:
    anna, bob = api.person(), api.person()
    device = claim_online(anna)
    path = f"{DEVICES}{device}/shares/{share(anna, device, bob)['id']}/"
    assert bob.call("POST", f"{DEVICES}{device}/unlock/").status_code == 202
    changed = anna.call("PATCH", path, {"can_unlock": False}).get_json()["data"]
    assert (changed["can_unlock"], changed["can_lock"]) == (False, True)
    assert bob.call("POST", f"{DEVICES}{device}/unlock/").status_code == 403
    assert bob.call("POST", f"{DEVICES}{device}/lock/").status_code == 202
    anna.call("PATCH", path, {"is_active": False})
    assert bob.call("POST", f"{DEVICES}{device}/lock/").status_code == 404
    events = [event for event, success, _ in log_of(api, device) if success]
    assert events == ["CLAIMED", "SHARED", "SHARE_CHANGED", "SHARE_CHANGED"]


@pytest.mark.parametrize(
    ("column", "moment", "status"),
    [
        ("valid_until", HOUR_AGO, 404),
        ("valid_until", IN_AN_HOUR, 200),
        ("valid_from", IN_AN_HOUR, 404),
        ("valid_from", HOUR_AGO, 200),
    ],
)
def test_a_share_counts_within_its_window(api: Api, column: str, moment: str, status: int) -> None:
    anna, bob = api.person(), api.person()
    device = claim(anna)["id"]
    share(anna, device, bob, valid_from="2026-01-01T00:00:00Z")
    api.rows(f"UPDATE device_shares SET {column} = {moment}")
    assert bob.call("GET", f"{DEVICES}{device}/").status_code == status
    assert len(bob.call("GET", DEVICES).get_json()["data"]["items"]) == (status == 200)


@pytest.mark.parametrize("way", ["deleted", "paused", "over", "narrowed"])
def test_what_a_guest_asked_for_ends_with_the_right(api: Api, way: str) -> None:
    anna, bob = api.person(), api.person()
    device = claim_online(anna)
    path = f"{DEVICES}{device}/shares/{share(anna, device, bob, valid_from='2026-01-01T00:00:00Z')['id']}/"
    for who, what in ((anna, "unlock"), (bob, "unlock"), (bob, "lock")):
        assert who.call("POST", f"{DEVICES}{device}/{what}/").status_code == 202
    changes = {"paused": {"is_active": False}, "over": {"valid_until": "2026-01-02T00:00:00Z"}}
    if way == "deleted":
        assert anna.call("DELETE", path).status_code == 204
    else:
        assert anna.call("PATCH", path, changes.get(way, {"can_unlock": False})).status_code == 200
    reason = "the right was taken back"
    assert api.rows("SELECT user_id::text, command, status, reason FROM device_commands ORDER BY number") == [
        (anna.id, "UNLOCK", "queued", None),
        (bob.id, "UNLOCK", "expired", reason),
        (bob.id, "LOCK", "queued", None) if way == "narrowed" else (bob.id, "LOCK", "expired", reason),
    ]
    assert ("UNLOCK", False, bob.id) in log_of(api, device)


def test_a_share_of_another_device_is_not_there(api: Api) -> None:
    anna, bob = api.person(), api.person()
    device, other = claim(anna)["id"], claim(anna)["id"]
    path = f"{DEVICES}{other}/shares/{share(anna, device, bob)['id']}/"
    assert anna.call("PATCH", path, {"can_lock": False}).status_code == 404
    assert anna.call("DELETE", path).status_code == 404
    assert len(shares_of(anna, device)["items"]) == 1


def test_the_log_names_nobody_by_their_email(api: Api) -> None:
    anna, bob = api.person(), api.person()
    device = claim(anna)["id"]
    made = share(anna, device, bob)
    anna.call("DELETE", f"{DEVICES}{device}/shares/{made['id']}/")
    anna.call("POST", f"{DEVICES}{device}/transfer/", {"email": bob.email})
    told = api.one("SELECT string_agg(description, ' ') FROM device_logs")
    assert bob.id in told
    assert "@" not in told
