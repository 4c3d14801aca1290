"""Telling a lock what to do: what is asked, refused, waited for."""

from typing import Any

import pytest

from tests.support.client import Api
from tests.support.locks import DEVICES, claim, claim_online, log_of, set_online, share

VIEW = {"id", "command", "status", "reason", "created_at", "sent_at", "finished_at"}
KEY = {"Idempotency-Key": "k"}
# In the collector's place: whatever is asked is done at once.
OBEDIENCE = """
CREATE FUNCTION obey() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.status := 'acknowledged'; NEW.counter := 1; NEW.sent_at := now(); NEW.finished_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER obey BEFORE INSERT ON device_commands FOR EACH ROW EXECUTE FUNCTION obey();
"""


@pytest.mark.parametrize(("what", "life"), [("unlock", 15), ("lock", 30), ("reboot", 120)])
def test_what_is_asked_for_is_queued(api: Api, what: str, life: int) -> None:
    anna = api.person()
    device = claim_online(anna)
    answer = anna.call("POST", f"{DEVICES}{device}/{what}/")
    told = answer.get_json()
    assert (answer.status_code, told["message"]) == (202, f"{what.capitalize()} command sent successfully")
    assert told["data"].keys() == VIEW
    assert (told["data"]["command"], told["data"]["status"]) == (what.upper(), "queued")
    kept = "SELECT device_id::text, user_id::text, ip_address, extract(epoch FROM expires_at - created_at)::int"
    assert api.rows(f"{kept} FROM device_commands") == [(device, anna.id, "127.0.0.1", life)]


def test_a_command_can_be_read_again(api: Api) -> None:
    anna = api.person()
    device = claim_online(anna)
    asked = anna.call("POST", f"{DEVICES}{device}/unlock/").get_json()["data"]
    assert anna.call("GET", f"{DEVICES}{device}/commands/{asked['id']}/").get_json()["data"] == asked


def test_commands_are_seen_by_the_owner_and_by_who_asked(api: Api) -> None:
    anna, bob, carl = api.person(), api.person(), api.person()
    device, other = claim_online(anna), claim_online(anna)
    for guest in (bob, carl):
        share(anna, device, guest)
    asked = bob.call("POST", f"{DEVICES}{device}/unlock/").get_json()["data"]["id"]
    path = f"{DEVICES}{device}/commands/{asked}/"
    assert [who.call("GET", path).status_code for who in (anna, bob, carl)] == [200, 200, 404]
    assert anna.call("GET", f"{DEVICES}{other}/commands/{asked}/").status_code == 404


def refused_state(api: Api, device: str, case: str) -> None:
    if case == "silent":
        api.collect("UPDATE device_states SET last_seen_at = now() - interval '91 seconds'")
    elif case == "said so":
        api.collect("UPDATE device_states SET is_online = false")
    else:
        api.rows("UPDATE devices SET status = 'INACTIVE' WHERE id = %s", device)


@pytest.mark.parametrize(
    ("case", "message"),
    [("silent", "Device is offline"), ("said so", "Device is offline"), ("inactive", "Device is inactive")],
)
@pytest.mark.parametrize("what", ["unlock", "lock", "reboot"])
def test_a_device_that_cannot_obey_refuses_and_it_is_logged(api: Api, case: str, message: str, what: str) -> None:
    anna = api.person()
    device = claim_online(anna)
    refused_state(api, device, case)
    answer = anna.call("POST", f"{DEVICES}{device}/{what}/", headers=KEY)
    assert (answer.status_code, answer.get_json()["message"]) == (409, message)
    assert log_of(api, device)[1:] == [(what.upper(), False, anna.id)]
    assert [api.one(f"SELECT count(*) FROM {table}") for table in ("device_commands", "idempotency_keys")] == [0, 0]


@pytest.mark.parametrize(
    ("may", "allowed"), [({"can_lock": False}, ["unlock"]), ({"can_unlock": False}, ["lock"]), ({}, ["unlock", "lock"])]
)
def test_a_guest_may_what_the_share_says_and_never_reboot(api: Api, may: dict[str, Any], allowed: list[str]) -> None:
    anna, bob = api.person(), api.person()
    device = claim_online(anna)
    share(anna, device, bob, **may)
    asked = {what: bob.call("POST", f"{DEVICES}{device}/{what}/").status_code for what in ("unlock", "lock", "reboot")}
    assert asked == {what: 202 if what in allowed else 403 for what in asked}
    refused = [(what.upper(), False, bob.id) for what, status in asked.items() if status == 403]
    assert log_of(api, device)[2:] == refused


def test_a_stranger_leaves_no_trace(api: Api) -> None:
    device = claim_online(api.person())
    assert api.person().call("POST", f"{DEVICES}{device}/unlock/").status_code == 404
    assert len(log_of(api, device)) == 1


def test_a_repeat_asks_once_of_each_device(api: Api) -> None:
    anna = api.person()
    first, second = claim_online(anna), claim_online(anna)
    answers = [anna.call("POST", f"{DEVICES}{device}/unlock/", headers=KEY) for device in (first, first, second)]
    assert answers[0].data == answers[1].data
    assert api.rows("SELECT device_id::text FROM device_commands ORDER BY number") == [(first,), (second,)]


def test_who_waits_is_told_the_end(api: Api) -> None:
    anna = api.person()
    device = claim_online(anna)
    api.rows("RESET ROLE")
    api.rows(OBEDIENCE)
    answers = [anna.call("POST", f"{DEVICES}{device}/unlock/?wait=30", headers=headers) for headers in ({}, KEY, KEY)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    told = answers[0].get_json()
    assert (told["message"], told["data"]["status"]) == ("Unlock command acknowledged", "acknowledged")
    assert answers[1].data == answers[2].data
    assert api.one("SELECT count(*) FROM device_commands") == 2


def test_a_wait_without_an_end_is_answered_for_now(api: Api) -> None:
    anna = api.person()
    device = claim_online(anna)
    answer = anna.call("POST", f"{DEVICES}{device}/lock/?wait=0.1")
    assert (answer.status_code, answer.get_json()["message"]) == (202, "Lock command sent successfully")
    assert answer.get_json()["data"]["status"] == "queued"


@pytest.mark.parametrize("wait", ["31", "-1", "soon", "nan"])
def test_a_wrong_wait_asks_for_nothing(api: Api, wait: str) -> None:
    anna = api.person()
    device = claim_online(anna)
    assert anna.call("POST", f"{DEVICES}{device}/unlock/?wait={wait}").status_code == 422
    assert api.one("SELECT count(*) FROM device_commands") == 0


def test_a_device_made_inactive_obeys_no_more(api: Api) -> None:
    anna = api.person()
    device = claim_online(anna)
    anna.call("POST", f"{DEVICES}{device}/unlock/")
    anna.call("PATCH", f"{DEVICES}{device}/", {"status": "INACTIVE"})
    assert api.rows("SELECT status, reason FROM device_commands") == [("expired", "the device was made inactive")]
    anna.call("PATCH", f"{DEVICES}{device}/", {"status": "ACTIVE"})
    assert anna.call("POST", f"{DEVICES}{device}/unlock/").status_code == 202


def test_a_reclaimed_device_waits_to_be_heard_of(api: Api) -> None:
    anna, name = api.person(), "reclaimed"
    first = claim(anna, name)["id"]
    set_online(api, first)
    anna.call("DELETE", f"{DEVICES}{first}/")
    second = claim(anna, name)["id"]
    assert anna.call("POST", f"{DEVICES}{second}/unlock/").status_code == 409
    assert anna.call("POST", f"{DEVICES}{first}/unlock/").status_code == 404
