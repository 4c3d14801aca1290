"""A lock asks whether a PIN opens it: windows, hours, uses, and who may ask."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auth.access.brake import MOST_WRONG
from common.lock_protocol.schedule import DAYS
from tests.auth.asking_locks import add_pin, ask_pin, bearer_of, told
from tests.support.client import Api
from tests.support.locks import DEVICES, claim, log_of

HANDBOOK = Path(__file__).parents[2] / "docs" / "security.md"
EXPIRE = "UPDATE access_pins SET starts_at = now() - interval '2 d', expires_at = now() - interval '1 d' WHERE id = %s"
LAST = "SELECT description FROM device_logs WHERE device_id = %s ORDER BY position DESC LIMIT 1"


def in_days(days: int) -> str:
    """A moment so many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


def test_a_right_pin_opens(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    pin_id = add_pin(anna, device)
    answer = ask_pin(api, device, "482913").get_json()
    assert answer["data"] == {"granted": True, "reason": None, "pin_id": pin_id, "name": "Cleaner"}
    assert api.one("SELECT uses FROM access_pins") == 1
    assert log_of(api, device["id"])[-1] == ("PIN_GRANTED", True, None)
    assert api.one("SELECT attempts || reserved FROM code_brakes") == []


@pytest.mark.parametrize("typed", ["482914", "48291", "4829130", "0", "no digits", "٤٨٢٩١٣"])
def test_any_other_is_unknown(api: Api, typed: str) -> None:
    anna = api.person()
    device = claim(anna)
    add_pin(anna, device)
    answer = ask_pin(api, device, typed).get_json()
    assert answer["data"] == {"granted": False, "reason": "unknown", "pin_id": None, "name": None}
    assert (api.one(LAST, device["id"]), log_of(api, device["id"])[-1]) == (
        "PIN refused: unknown",
        ("PIN_DENIED", False, None),
    )
    assert api.one("SELECT cardinality(attempts) FROM code_brakes") == 1


def test_a_pin_opens_its_own_device_alone(api: Api) -> None:
    anna = api.person()
    one, other = claim(anna), claim(anna)
    add_pin(anna, one)
    assert told(ask_pin(api, other, "482913")) == (False, "unknown")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"starts_at": in_days(1)}, "schedule"),
        ({"starts_at": in_days(-2), "expires_at": in_days(2)}, None),
        ({"schedule": [{"days": list(DAYS), "from": "00:00", "to": "24:00"}]}, None),
    ],
    ids=["not yet", "within", "all week"],
)
def test_it_opens_within_its_window(api: Api, fields: dict[str, str], why: str | None) -> None:
    anna = api.person()
    device = claim(anna)
    add_pin(anna, device, **fields)
    assert told(ask_pin(api, device, "482913")) == (why is None, why)


@pytest.mark.parametrize(
    ("window", "why"),
    [
        ("starts_at = now() + interval '1 d', expires_at = now() + interval '2 d'", "schedule"),
        ("starts_at = now() - interval '2 d', expires_at = now() - interval '1 d', schedule = '[]'", "expired"),
        ("schedule = '[]'", "schedule"),
        ("schedule = NULL", "used"),
    ],
)
def test_of_many_reasons_the_first_of_the_protocol_is_told(api: Api, window: str, why: str) -> None:
    anna = api.person()
    device = claim(anna)
    add_pin(anna, device)
    api.rows(f"UPDATE access_pins SET max_uses = 1, uses = 1, {window}")
    assert told(ask_pin(api, device, "482913")) == (False, why)


def test_an_expired_pin_is_known_and_opens_nothing(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    pin_id = add_pin(anna, device)
    api.rows(EXPIRE, pin_id)
    answer = ask_pin(api, device, "482913").get_json()["data"]
    assert (answer["granted"], answer["reason"], answer["pin_id"]) == (False, "expired", pin_id)
    assert api.one(LAST, device["id"]) == "PIN refused: expired"
    assert api.one("SELECT attempts || reserved FROM code_brakes") == []  # who knows a PIN guesses none


@pytest.mark.parametrize(
    ("over", "why"), [(EXPIRE, "expired"), ("UPDATE access_pins SET uses = 1 WHERE id = %s", "used")]
)
def test_who_types_what_has_opened_once_is_no_guesser_when_others_are_added(api: Api, over: str, why: str) -> None:
    anna = api.person()
    device = claim(anna)
    pin_id = add_pin(anna, device, max_uses=1)
    api.rows(over, pin_id)
    add_pin(anna, device, "739152")
    assert [told(ask_pin(api, device, "482913")) for _ in range(MOST_WRONG)] == [(False, why)] * MOST_WRONG
    assert told(ask_pin(api, device, "739152")) == (True, None)


def test_hours_are_those_of_the_devices_zone(api: Api) -> None:
    """Somewhere on earth it is noon, and elsewhere midnight: at the same moment the same hours are open and closed."""
    anna = api.person()
    hour = datetime.now(UTC).hour
    here, there = (f"Etc/GMT{(hour - noon + 11) % 24 - 11:+}" for noon in (12, 0))
    noon = [{"days": list(DAYS), "from": "10:00", "to": "15:00"}]
    for zone, why in ((here, None), (there, "schedule")):
        device = claim(anna, timezone=zone)
        add_pin(anna, device, schedule=noon)
        assert told(ask_pin(api, device, "482913")) == (why is None, why), zone


@pytest.mark.parametrize(("fields", "uses"), [({"one_time": True}, 1), ({"max_uses": 3}, 3)])
def test_limited_uses_are_spent_and_the_lock_is_to_hear_of_it(api: Api, fields: dict[str, int], uses: int) -> None:
    anna = api.person()
    device = claim(anna)
    add_pin(anna, device, **fields)
    answers = [told(ask_pin(api, device, "482913")) for _ in range(uses + 1)]
    assert answers == [(True, None)] * uses + [(False, "used")]
    assert api.rows("SELECT uses, codes_version FROM access_pins, devices") == [(uses, 1 + uses)]


def test_an_inactive_device_refuses_all_codes(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    add_pin(anna, device)
    assert anna.call("PATCH", f"{DEVICES}{device['id']}/", {"status": "INACTIVE"}).status_code == 200
    assert told(ask_pin(api, device, "482913")) == (False, "inactive")
    assert api.one(LAST, device["id"]) == "PIN refused: inactive"
    assert api.one("SELECT uses FROM access_pins") == 0


def test_a_deleted_pin_is_unknown(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    pin_id = add_pin(anna, device)
    anna.call("DELETE", f"/api/v1/access/pins/{pin_id}/")
    assert told(ask_pin(api, device, "482913")) == (False, "unknown")


def test_only_a_lock_may_ask(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    add_pin(anna, device)
    key = device["credentials"]["keys"]["api_key"]
    for wrong in (
        None,
        anna.bearer["Authorization"],
        f"Bearer {key}x",
        f"Bearer {key[:-1]}",
        f"Basic {key}",
        "Bearer é",
    ):
        headers = {"Authorization": wrong} if wrong else {}
        answer = api.call("POST", "/api/v1/access/pins/verify/", {"pin": "482913"}, headers)
        assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (401, True), wrong
    assert api.one("SELECT uses FROM access_pins") == 0


def test_a_lock_is_no_person(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    assert api.call("GET", "/api/v1/access/pins/", headers=bearer_of(device)).status_code == 401


@pytest.mark.parametrize("change", ["rotated", "deleted"])
def test_a_key_that_was_taken_back_opens_nothing(api: Api, change: str) -> None:
    anna = api.person()
    device = claim(anna)
    path = f"{DEVICES}{device['id']}/"
    answer = anna.call("DELETE", path) if change == "deleted" else anna.call("POST", path + "credentials/rotate/")
    assert answer.status_code < 300, answer.text
    assert ask_pin(api, device, "482913").status_code == 401


def test_rotating_keys_keeps_the_pins(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    add_pin(anna, device)
    device["credentials"] = anna.call("POST", f"{DEVICES}{device['id']}/credentials/rotate/").get_json()["data"]
    assert told(ask_pin(api, device, "482913")) == (True, None)


def test_a_disabled_owners_lock_opens_until_it_is_switched_off_as_the_handbook_says(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    add_pin(anna, device, max_uses=5)
    api.rows("UPDATE app_users SET is_active = false WHERE id = %s", anna.id)
    assert told(ask_pin(api, device, "482913")) == (True, None)
    [statements] = [part for part in HANDBOOK.read_text().split("```sql\n")[1:] if "INACTIVE" in part]
    version = api.one("SELECT codes_version FROM devices")
    api.rows("RESET ROLE")
    api.rows(statements.partition("```")[0].replace("someone@example.com", anna.email))
    assert told(ask_pin(api, device, "482913")) == (False, "inactive")
    assert api.one("SELECT codes_version FROM devices") == version + 1  # so the lock is told
