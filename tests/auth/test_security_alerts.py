"""Security alerts: owners see those of their devices, staff all; both take note of them, others find none."""

from typing import Any

import pytest

from tests.auth.asking_locks import add_pin, ask_pin, ask_qr
from tests.support.client import Api, Person
from tests.support.locks import DEVICES, claim, share

ALERTS, FAILED = "/api/v1/security/alerts/", "/api/v1/security/failed-attempts/"
VIEW = {"id", "kind", "device", "severity", "message", "value", "opened_at", "acknowledged_at", "resolved_at"}


def raise_alert(api: Api, device: str | None = None, rule: str = "tamper") -> int:
    """An alert as the collector opens it."""
    subject = f"device:{device}" if device else "account:0a1b"
    [(alert_id,)] = api.collect(
        "INSERT INTO alerts (rule, subject, device_id, severity, value, message) "
        "VALUES (%s, %s, %s, 'critical', 3, 'Front door reports tampering.') RETURNING id",
        rule,
        subject,
        device,
    )
    return int(alert_id)


def seen(person: Person, query: str = "") -> list[int]:
    """The alerts that somebody sees."""
    answer = person.call("GET", ALERTS + query)
    assert answer.status_code == 200, answer.text
    return [alert["id"] for alert in answer.get_json()["data"]["items"]]


def mark(person: Person, alert_id: int, how: str = "acknowledge") -> Any:
    """The answer to taking note of an alert."""
    return person.call("POST", f"{ALERTS}{alert_id}/{how}/")


def test_an_alert_as_it_is_shown(api: Api) -> None:
    anna = api.person()
    device = claim(anna)
    raise_alert(api, device["id"])
    [shown] = anna.call("GET", ALERTS).get_json()["data"]["items"]
    assert shown.keys() == VIEW
    assert shown["device"] == {"id": device["id"], "device_id": device["device_id"], "name": "Front door"}
    assert (shown["kind"], shown["severity"], shown["value"], shown["resolved_at"]) == ("tamper", "critical", 3.0, None)


def test_each_sees_ones_own_and_staff_all(api: Api) -> None:
    anna, bob, staff = api.person(), api.person(), api.staff()
    annas, bobs = claim(anna)["id"], claim(bob)["id"]
    share(anna, annas, bob)
    one, other = raise_alert(api, annas), raise_alert(api, bobs)
    of_sign_ins, of_a_host = raise_alert(api, rule="login_brute_force"), raise_alert(api, rule="cpu")
    assert (seen(anna), seen(bob)) == ([one], [other])
    assert seen(staff) == [of_sign_ins, other, one]
    assert of_a_host not in seen(staff)
    assert seen(staff, "?kind=login_brute_force") == [of_sign_ins]
    following = staff.call("GET", f"{ALERTS}?limit=1").get_json()["data"]["next"]
    assert seen(staff, f"?limit=1&cursor={following}") == [other]


def test_a_former_owner_sees_none_and_the_new_one_none_from_before(api: Api) -> None:
    anna, bob = api.person(), api.person()
    device = claim(anna)["id"]
    alert = raise_alert(api, device)
    assert anna.call("POST", f"{DEVICES}{device}/transfer/", {"email": bob.email}).status_code < 300
    api.rows("UPDATE devices SET owned_since = owned_since + interval '1 second'")  # now() stands still here
    assert (seen(anna), seen(bob)) == ([], [])
    assert {mark(person, alert).status_code for person in (anna, bob)} == {404}


@pytest.mark.parametrize(("how", "done"), [("acknowledge", "acknowledged"), ("resolve", "resolved")])
def test_it_is_marked_once_with_who_it_was(api: Api, how: str, done: str) -> None:
    anna, staff = api.person(), api.staff()
    alert = raise_alert(api, claim(anna)["id"])
    first = mark(anna, alert, how).get_json()["data"]
    assert first[f"{done}_at"] is not None
    assert mark(staff, alert, how).get_json()["data"] == first
    assert api.one(f"SELECT {done}_by::text FROM alerts") == anna.id
    assert api.rows("SELECT user_id::text, subject_id FROM audit_log WHERE action LIKE 'alert.%%'") == [
        (anna.id, str(alert))
    ]


def test_what_is_resolved_is_no_longer_open(api: Api) -> None:
    anna = api.person()
    device = claim(anna)["id"]
    one, other = raise_alert(api, device), raise_alert(api, device, "forced")
    mark(anna, one, "resolve")
    assert (seen(anna, "?status=open"), seen(anna, "?status=resolved")) == ([other], [one])
    assert mark(anna, one).get_json()["data"]["acknowledged_at"] is None
    assert raise_alert(api, device) in seen(anna, "?status=open")


def test_staff_marks_any_and_others_find_none(api: Api) -> None:
    anna, guest, stranger, staff = api.person(), api.person(), api.person(), api.staff()
    device = claim(anna)["id"]
    share(anna, device, guest)
    alert, of_a_host = raise_alert(api, device), raise_alert(api, rule="cpu")
    assert {mark(person, alert).status_code for person in (guest, stranger)} == {404}
    assert {mark(staff, of_a_host).status_code, mark(staff, alert + 1000).status_code} == {404}
    assert mark(staff, alert, "resolve").status_code == 200
    assert mark(staff, raise_alert(api, rule="login_brute_force"), "resolve").status_code == 200


def test_staff_reads_the_codes_that_were_refused(api: Api) -> None:
    anna, staff = api.person(), api.staff()
    device = claim(anna)
    add_pin(anna, device)
    for ask, code in ((ask_pin, "000111"), (ask_pin, "482913"), (ask_qr, "a guess")):
        ask(api, device, code)
    page = staff.call("GET", f"{FAILED}?limit=1").get_json()["data"]
    [newest] = page["items"]
    assert newest["device"] == {"id": device["id"], "device_id": device["device_id"], "name": "Front door"}
    assert (newest["event_type"], newest["description"]) == ("QR_DENIED", "QR refused: signature")
    rest = staff.call("GET", f"{FAILED}?cursor={page['next']}").get_json()["data"]
    assert [(attempt["event_type"], attempt["description"]) for attempt in rest["items"]] == [
        ("PIN_DENIED", "PIN refused: unknown")
    ]
    assert (anna.call("GET", FAILED).status_code, rest["next"]) == (403, None)
