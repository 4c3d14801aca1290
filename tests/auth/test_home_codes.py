"""Codes, alerts and settings of a lock by pages: secrets shown once, and nothing done without being meant."""

import re
from typing import Any

import pytest

from tests.auth.home_pages import Home, place_of
from tests.auth.test_home_locks import CODES
from tests.support.client import Api, Person
from tests.support.locks import claim_online, log_of, share

PIN = re.compile(r'<code id="pin">([0-9]+)</code>')
ALERT = """
INSERT INTO alerts (rule, subject, device_id, severity, message)
VALUES ('tamper', 'device:' || %s, %s, 'critical', 'Front door reports <b>tampering</b>.') RETURNING id
"""


@pytest.fixture
def home(api: Api) -> Home:
    return Home(api)


@pytest.fixture
def device(home: Home) -> str:
    return claim_online(home.person, timezone="Europe/Berlin")


@pytest.fixture
def guest(home: Home, device: str) -> Person:
    found = home.api.person()
    share(home.person, device, found)
    return found


def test_a_pin_is_drawn_shown_once_and_deleted(home: Home, device: str) -> None:
    pins = place_of(device) + "pins/"
    answer = home.send(pins, name="Cleaner", one_time="on")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "private, no-store")
    shown = PIN.search(answer.text)
    assert shown
    assert re.fullmatch("[0-9]{6}", shown[1])
    page = home.see(pins)
    assert ("Cleaner" in page, "0 of 1" in page, shown[1] in page) == (True, True, False)
    log = home.see(place_of(device) + "log/")
    named = re.search("(PIN [0-9]+) in the log", page)
    assert (bool(named) and f"{named[1]} added" in log, shown[1] in log) == (True, False)
    one = re.search(rf'href="({pins}[0-9]+/delete/)"', page)
    assert one
    assert "Delete the PIN Cleaner?" in home.see(one[1])
    assert home.api.one("SELECT count(*) FROM access_pins") == 1
    assert "The PIN Cleaner is deleted." in home.change(one[1])
    assert home.api.one("SELECT count(*) FROM access_pins") == 0


def test_days_hours_and_windows_are_the_locks(home: Home, device: str) -> None:
    pins = place_of(device) + "pins/"
    window = {"starts_at": "2031-07-01T12:00", "expires_at": "2031-08-01T12:00", "max_uses": "7"}
    answer = home.send(pins, name="Gym", pin="8264", days=["mon", "fri"], opens="08:00", closes="17:30", **window)
    assert (answer.status_code, PIN.findall(answer.text)) == (201, ["8264"])
    [(schedule, starts_at, max_uses)] = home.api.rows("SELECT schedule, starts_at::text, max_uses FROM access_pins")
    assert schedule == [{"days": ["mon", "fri"], "from": "08:00", "to": "17:30"}]
    assert (starts_at, max_uses) == ("2031-07-01 10:00:00+00", 7)
    page = home.see(pins)
    assert "Mon, Fri 08:00 to 17:30" in page
    assert "2031-07-01 12:00:00" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"pin": "1111"}, "must not be one digit repeated", id="weak"),
        pytest.param({"pin": "12ab"}, "should match pattern", id="no digits"),
        pytest.param({"max_uses": "many"}, "valid integer", id="no number"),
        pytest.param({"opens": "25:00"}, "must be a time", id="no hour"),
        pytest.param({"days": ["someday"]}, "Input should be", id="no day"),
        pytest.param({"name": ""}, "at least 1 character", id="no name"),
    ],
)
def test_a_pin_that_cannot_be_is_shown_again_without_its_digits(
    home: Home, device: str, fields: dict[str, Any], words: str
) -> None:
    answer = home.send(place_of(device) + "pins/", **{"name": "Gym", "pin": "8264", **fields})
    assert (answer.status_code, words in answer.text, 'value="8264"' in answer.text) == (422, True, False)
    assert home.api.one("SELECT count(*) FROM access_pins") == 0


def test_a_pin_of_another_lock_is_not_found_here(home: Home, device: str) -> None:
    other = claim_online(home.person)
    home.send(place_of(other) + "pins/", name="Other")
    pin = home.api.one("SELECT id FROM access_pins")
    assert home.get(f"{place_of(device)}pins/{pin}/delete/").status_code == 404
    assert home.get(f"{place_of(other)}pins/{pin}/delete/").status_code == 200


def test_a_qr_code_is_a_picture_and_another_one_each_time(home: Home, device: str, guest: Person) -> None:
    first, second = (re.search(r"<svg.*?</svg>", home.see(place_of(device) + "qr/")) for _ in range(2))
    assert first
    assert second
    assert first[0] != second[0]
    page = Home(home.api, guest).see(place_of(device) + "qr/")
    assert '<noscript><meta http-equiv="refresh" content="25"></noscript>' in page
    home.api.rows("UPDATE device_shares SET can_unlock = false")
    assert home.get(place_of(device) + "qr/").status_code == 403


def test_a_lock_that_is_switched_off_shows_no_qr_code(home: Home, device: str) -> None:
    settings = place_of(device) + "settings/"
    assert "Switched off" in home.change(settings, status="INACTIVE")
    assert home.get(place_of(device) + "qr/").status_code == 409
    assert "Nothing was done: Device is inactive." in home.change(place_of(device), place_of(device) + "unlock/")


def test_an_alert_is_acknowledged_and_resolved(home: Home, device: str) -> None:
    [(alert,)] = home.api.collect(ALERT, device, device)
    place = f"{place_of(device)}alerts/{alert}/"
    page = home.see(place_of(device))
    assert "Front door reports &lt;b&gt;tampering&lt;/b&gt;." in page
    page = home.change(place_of(device), place + "acknowledge/")
    assert (place + "acknowledge/" in page, place + "resolve/" in page) == (False, True)
    assert place not in home.change(place_of(device) + "alerts/", place + "resolve/")
    assert home.api.rows(
        "SELECT acknowledged_by::text, resolved_by::text FROM alerts WHERE acknowledged_at <= resolved_at"
    ) == [(home.person.id, home.person.id)]
    assert "Tampering" not in home.see(place_of(device))


def test_settings_are_saved_and_only_what_was_changed(home: Home, device: str) -> None:
    settings = place_of(device) + "settings/"
    assert "Nothing was changed." in home.change(settings)
    assert "CHANGED" not in {event for event, _, _ in log_of(home.api, device)}
    assert "<h1>&lt;b&gt; door" in home.change(settings, name="<b> door", timezone="Europe/Paris")
    assert [path for path in ("", "log/", "qr/", "delete/") if "<b>" in home.see(place_of(device) + path)] == []
    answer = home.send(settings, timezone="Nowhere")
    assert (answer.status_code, 'value="Nowhere"' in answer.text) == (422, True)


@pytest.mark.parametrize(("only", "count"), [("", 8), ("mqtt", 4), ("keys", 4)])
def test_secrets_are_made_anew_and_shown_once(home: Home, device: str, only: str, count: int) -> None:
    rotate = place_of(device) + "rotate/"
    first, second = (dict(CODES.findall(home.send(rotate, only=only).text)) for _ in range(2))
    assert len(first) == len(second) == count
    secret = [name for name in first if name.endswith("-key") or name == "mqtt-password"]
    changed = {name for name in secret if first[name] != second[name]}
    assert changed == set(secret) - {"code-key"}  # PINs are hashed with it, and stay
    assert [value for value in second.values() if len(value) > 40 and value in home.see(rotate)] == []


def test_a_lock_is_handed_on_when_it_is_meant(home: Home, device: str, guest: Person) -> None:
    transfer = place_of(device) + "transfer/"
    answer = home.send(transfer, email=guest.email)
    assert (answer.status_code, "must be ticked" in answer.text) == (422, True)
    assert "has no account here" in home.send(transfer, email="nobody@example.com", is_sure="on").text
    assert f"is {guest.email}&#39;s now" in home.change(transfer, email=guest.email, is_sure="on")
    assert home.get(place_of(device)).status_code == 404
    theirs = Home(home.api, guest)
    assert "Nothing has happened yet" in theirs.see(place_of(device) + "log/")


def test_a_lock_is_deleted_when_it_is_meant(home: Home, device: str) -> None:
    delete = place_of(device) + "delete/"
    assert "Delete Front door?" in home.see(delete)
    assert home.api.one("SELECT deleted_at FROM devices") is None
    assert "Front door is deleted." in home.change(delete)
    assert home.get(place_of(device)).status_code == 404
