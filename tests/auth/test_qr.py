"""QR codes: made for who may unlock now, good for 30 s, at one lock, once."""

from typing import Any

import pytest

from common.lock_protocol.keys import from_text
from common.lock_protocol.qr import LABEL, LIFE_SECONDS, read_qr
from tests.auth.asking_locks import Device, ask_qr, signed, told
from tests.support.client import Api, Person
from tests.support.locks import DEVICES, claim, log_of, share

QR = "/api/v1/access/qr/"


def make(person: Person, device: Device) -> str:
    """A QR code as it was answered."""
    answer = person.call("POST", QR, {"device_id": device["id"]})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), answer.text
    code: str = answer.get_json()["data"]["code"]
    return code


def test_a_code_opens_once(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    code = make(anna, device)
    answer = ask_qr(api, device, code).get_json()
    assert answer["data"] == {"granted": True, "reason": None, "user_id": anna.id}
    assert told(ask_qr(api, device, code)) == (False, "used")
    assert log_of(api, device["id"])[-2:] == [("QR_GRANTED", True, anna.id), ("QR_DENIED", False, anna.id)]
    assert api.rows("SELECT verifier FROM qr_uses") == [("server",)]
    assert api.one("SELECT attempts || reserved FROM code_brakes") == []


def test_a_lock_can_verify_it_offline(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    answer = anna.call("POST", QR, {"device_id": device["id"]}).get_json()["data"]
    code = read_qr(from_text(device["credentials"]["keys"]["qr_key"]), answer["code"])
    assert (code.device_id, str(code.user_id), answer["code"].split(".")[0]) == (device["device_id"], anna.id, LABEL)
    assert len({make(anna, device) for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("seconds", "why"), [(-10, "expired"), (-2, None), (LIFE_SECONDS + 2, None), (LIFE_SECONDS + 10, "expired")]
)
def test_it_opens_within_30_seconds_but_for_clocks_slack(api: Api, seconds: float, why: str | None) -> None:
    anna = api.person()
    device = claim(anna)
    assert told(ask_qr(api, device, signed(device, anna.id, seconds=seconds))) == (why is None, why)


@pytest.mark.parametrize(
    "change",
    [
        lambda code: code[:-1] + ("A" if code[-1] != "A" else "B"),
        lambda code: code.replace(LABEL, "WH2"),
        lambda code: code.replace("lock-", "lock_"),
        lambda _: "https://example.com/menu",
        lambda _: ".",
        lambda _: "é.é",
    ],
)
def test_what_was_not_signed_counts_as_a_wrong_attempt(api: Api, change: Any) -> None:
    anna = api.person()
    device = claim(anna)
    assert told(ask_qr(api, device, change(make(anna, device)))) == (False, "signature")
    assert api.one("SELECT cardinality(attempts) FROM code_brakes") == 1


@pytest.mark.parametrize("changed", [{"device_id": "another-lock"}, {"nonce": "short"}, {"device_id": "a.b"}])
def test_what_is_signed_and_not_of_the_form_opens_nothing(api: Api, changed: dict[str, str]) -> None:
    anna = api.person()
    device = claim(anna)
    assert told(ask_qr(api, device, signed(device, anna.id, **changed))) == (False, "signature")


def test_an_end_of_any_length_may_be_signed_and_opens_nothing(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    assert told(ask_qr(api, device, signed(device, anna.id, seconds=1e300))) == (False, "expired")


def test_a_code_opens_its_own_lock_alone(api: Api) -> None:
    anna = api.person()
    one, other = claim(anna), claim(anna)
    assert told(ask_qr(api, other, make(anna, one))) == (False, "signature")


def test_rotated_keys_end_the_codes_that_are_about(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    code = make(anna, device)
    device["credentials"] = anna.call("POST", f"{DEVICES}{device['id']}/credentials/rotate/").get_json()["data"]
    assert told(ask_qr(api, device, code)) == (False, "signature")


def test_a_guest_opens_by_qr_until_the_right_is_taken_back(api: Api) -> None:
    anna, bob = api.person(), api.person()
    device = claim(anna)
    shared = share(anna, device["id"], bob)
    assert told(ask_qr(api, device, make(bob, device))) == (True, None)
    code = make(bob, device)
    assert anna.call("DELETE", f"{DEVICES}{device['id']}/shares/{shared['id']}/").status_code < 300
    assert told(ask_qr(api, device, code)) == (False, "inactive")
    assert bob.call("POST", QR, {"device_id": device["id"]}).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE device_shares SET can_unlock = false",
        "UPDATE device_shares SET is_active = false",
        "UPDATE device_shares SET valid_until = now() - interval '1 second', valid_from = now() - interval '1 day'",
        "UPDATE device_shares SET valid_from = now() + interval '1 hour'",
        "UPDATE app_users SET is_active = false WHERE id = %s",
    ],
)
def test_the_rights_of_a_codes_user_are_read_when_it_is_shown(api: Api, change: str) -> None:
    anna, bob = api.person(), api.person()
    device = claim(anna)
    share(anna, device["id"], bob)
    code = make(bob, device)
    api.rows(change, *([bob.id] if "%s" in change else []))
    assert told(ask_qr(api, device, code)) == (False, "inactive")
    assert api.one("SELECT count(*) FROM qr_uses") == 0


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"can_unlock": False}, 403), ({"is_active": False}, 404), ({"valid_from": "2099-01-01T00:00:00Z"}, 404)],
)
def test_only_who_may_unlock_now_gets_a_code(api: Api, fields: dict[str, Any], status: int) -> None:
    anna, bob = api.person(), api.person()
    device = claim(anna)
    share(anna, device["id"], bob, **fields)
    assert bob.call("POST", QR, {"device_id": device["id"]}).status_code == status


def test_an_inactive_device_has_no_codes(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    code = make(anna, device)
    anna.call("PATCH", f"{DEVICES}{device['id']}/", {"status": "INACTIVE"})
    assert anna.call("POST", QR, {"device_id": device["id"]}).status_code == 409
    assert told(ask_qr(api, device, code)) == (False, "inactive")
