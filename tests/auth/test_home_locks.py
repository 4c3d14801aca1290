"""A person's locks by pages: claimed, used, shared, with codes, and given away."""

import re

import pytest

from tests.auth.asking_locks import ask_qr, signed
from tests.auth.home_pages import Home, answer_commands, place_of
from tests.support.client import Api, Person
from tests.support.locks import claim, claim_online, log_of, share

CODES = re.compile(r"<code aria-labelledby=\"([a-z-]+)\">([^<]+)</code>")


@pytest.fixture
def home(api: Api) -> Home:
    return Home(api)


@pytest.fixture
def device(home: Home) -> str:
    return claim_online(home.person, timezone="Europe/Berlin")


@pytest.fixture
def guest(api: Api) -> Person:
    return api.person()


def test_a_claim_shows_its_secrets_once(home: Home) -> None:
    answer = home.send("/home/claim/", device_id="door-9", name="Cellar", timezone="Europe/Berlin")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "private, no-store")
    shown = dict(CODES.findall(answer.text))
    assert shown.keys() == {
        *("mqtt-url", "mqtt-username", "mqtt-client", "mqtt-password"),
        *("command-key", "code-key", "qr-key", "api-key"),
    }
    device = home.api.one("SELECT id::text FROM devices WHERE device_id = 'door-9'")
    secrets = [shown[name] for name in ("mqtt-password", "command-key", "code-key", "qr-key", "api-key")]
    for path in ("", "log/", "settings/", "rotate/"):
        assert [secret for secret in secrets if secret in home.see(place_of(device) + path)] == []
    assert "Cellar" in home.see("/home/")
    again = home.send("/home/claim/", device_id="door-9")
    assert (again.status_code, "Device already exists" in again.text) == (409, True)
    assert [secret for secret in secrets if secret in again.text] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"device_id": "front door"}, "should match pattern", id="no device id"),
        pytest.param({"device_id": "d", "timezone": "Mars/Olympus"}, "zone", id="no zone"),
    ],
)
def test_a_claim_that_cannot_be_is_shown_again(home: Home, fields: dict[str, str], words: str) -> None:
    answer = home.send("/home/claim/", **fields)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert f'value="{fields["device_id"]}"' in answer.text


def test_own_and_shared_locks_are_listed_a_page_at_a_time(home: Home, guest: Person) -> None:
    for name in ("Attic", "Barn"):
        claim(home.person, name=name)
    shared = claim(guest, name="Garage")["id"]
    share(guest, shared, home.person)
    first = home.see("/home/?limit=2")
    following = re.search(r'rel="next" href="(\?[^"]+)"', first)
    assert following
    second = home.see("/home/" + following[1].replace("&amp;", "&"))
    names = re.compile(r'<a href="/home/devices/[^"]+">([^<]+)</a>')
    pages = [names.findall(page) for page in (first, second)]
    assert ([len(page) for page in pages], sorted(pages[0] + pages[1])) == ([2, 1], ["Attic", "Barn", "Garage"])
    assert (first + second).count(f"shared by {guest.email}") == 1


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        ("acknowledged", None, "The lock says that it is unlocked."),
        ("failed", "jammed", "tried to unlock and could not. It says why: jammed."),
        ("rejected", "expired", "refused to unlock"),
        ("expired", None, "did not unlock in time"),
    ],
)
def test_a_button_tells_in_words_what_came_of_it(
    home: Home, device: str, status: str, reason: str | None, words: str
) -> None:
    answer_commands(home.api, status, reason)
    page = home.change(place_of(device), place_of(device) + "unlock/")
    assert words in page
    assert home.api.rows("SELECT command, user_id::text FROM device_commands") == [("UNLOCK", home.person.id)]


@pytest.mark.parametrize("word", ["unlock", "lock", "reboot"])
def test_what_is_asked_of_an_offline_lock_is_refused_in_words_and_logged(home: Home, word: str) -> None:
    device = claim(home.person)["id"]
    page = home.change(place_of(device), f"{place_of(device)}{word}/")
    assert "Nothing was done: Device is offline." in page
    assert log_of(home.api, device)[-1] == (word.upper(), False, home.person.id)


def test_a_commands_outcome_is_only_for_who_asked_for_it(home: Home, device: str, guest: Person) -> None:
    share(home.person, device, guest)
    answer_commands(home.api, "acknowledged")
    asked = home.send(place_of(device), place_of(device) + "unlock/").headers["Location"]
    assert "The lock says that it is unlocked." in home.see(asked)
    assert "The lock says that it is unlocked." not in Home(home.api, guest).see(asked)


def test_a_guests_page_holds_what_they_may_do(home: Home, device: str, guest: Person) -> None:
    share(home.person, device, guest, can_unlock=False)
    page = Home(home.api, guest).see(place_of(device))
    assert re.findall(r'action="[^"]+/(unlock|lock|reboot)/"', page) == ["lock"]
    assert [
        word for word in ("Log", "Shared with", "PINs", "QR code", "Settings", "Newest") if f">{word}<" in page
    ] == []


def test_the_log_tells_who_opened_when_by_the_locks_clock(home: Home, device: str, guest: Person) -> None:
    share(home.person, device, guest)
    home.api.collect("UPDATE device_states SET is_online = false")
    Home(home.api, guest).change(place_of(device), place_of(device) + "unlock/")
    page = Home(home.api, home.person).see(place_of(device) + "log/?limit=1")
    assert "Unlock from afar" in page
    assert guest.email in page
    assert "At (Europe/Berlin)" in page
    assert "Claimed" not in page
    following = re.search(r'rel="next" href="(\?[^"]+)"', page)
    assert following
    assert "Shared" in home.see(place_of(device) + "log/" + following[1].replace("&amp;", "&"))


@pytest.mark.parametrize(("ago", "is_shown"), [("20 s", False), ("5 h", True), ("60 y", False), ("-7900 y", False)])
def test_what_a_lock_tells_late_is_shown_with_when_it_was(home: Home, device: str, ago: str, is_shown: bool) -> None:
    home.api.rows("RESET ROLE")
    [(moment,)] = home.api.rows(
        """UPDATE device_logs SET happened_at = created_at - %s::interval WHERE event_type = 'CLAIMED'
        RETURNING to_char(happened_at AT TIME ZONE 'Europe/Berlin', 'YYYY-MM-DD HH24:MI:SS')""",
        ago,
    )
    page = home.see(place_of(device) + "log/")
    assert re.findall("happened <time[^>]*>([^<]+)<", page) == ([moment] if is_shown else [])


def test_who_has_a_locks_keys_learns_nobodys_e_mail_by_them(home: Home, guest: Person) -> None:
    stranger, device = home.api.person(), claim(home.person)
    share(home.person, device["id"], guest)
    for person in (guest, stranger):
        ask_qr(home.api, device, signed(device, person.id))
    log = home.see(place_of(device["id"]) + "log/?limit=2")
    assert [word in log for word in (guest.email, stranger.email, stranger.id)] == [True, False, True]
    home.api.rows("RESET ROLE")
    home.api.rows("UPDATE device_logs SET description = %s WHERE event_type = 'CLAIMED'", f"It says: {stranger.id}")
    assert stranger.email not in home.see(place_of(device["id"]) + "log/")


def test_a_lock_is_shared_changed_and_taken_back(home: Home, device: str, guest: Person) -> None:
    shares = place_of(device) + "shares/"
    page = home.change(shares, shared_with=guest.email, can_lock=[], valid_until="2031-07-01T12:00")
    assert f"is shared with {guest.email}" in page
    assert home.api.rows("SELECT can_unlock, can_lock, valid_until::text FROM device_shares") == [
        (True, False, "2031-07-01 10:00:00+00")
    ]
    began = home.api.one("SELECT valid_from FROM device_shares")
    one = re.search(rf'href="({shares}[0-9a-f-]+/)">Change', page)
    assert one
    assert "Paused" in home.change(one[1], is_active=[])
    assert home.api.one("SELECT valid_from FROM device_shares") == began
    assert home.get(place_of(device)).status_code == 200
    assert "It is shared with nobody" in home.change(one[1] + "remove/")
    assert Home(home.api, guest).get(place_of(device)).status_code == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"shared_with": "nobody@example.com"}, "has no account here", id="nobody"),
        pytest.param({"can_unlock": [], "can_lock": []}, "must let them lock or unlock", id="of no use"),
        pytest.param({"valid_until": "2001-01-01T00:00"}, "must be after valid_from", id="window"),
        pytest.param({"valid_until": "soon"}, "must be a moment", id="no moment"),
    ],
)
def test_a_share_that_cannot_be_is_shown_again(
    home: Home, device: str, guest: Person, fields: dict[str, str | list[str]], words: str
) -> None:
    answer = home.send(place_of(device) + "shares/", **{"shared_with": guest.email, **fields})
    assert (answer.status_code, words in answer.text) == (422, True)
    assert home.api.one("SELECT count(*) FROM device_shares") == 0


def test_a_share_is_not_overwritten_by_a_form_that_is_old(home: Home, device: str, guest: Person) -> None:
    made = share(home.person, device, guest)
    form = home.form(f"{place_of(device)}shares/{made['id']}/")
    home.change(form.action, can_lock=[])
    answer = home.post(form.action, **{name: value for name, value in form.fields.items() if name != "csrf_token"})
    assert (answer.status_code, "Somebody else changed this" in answer.text) == (409, True)
