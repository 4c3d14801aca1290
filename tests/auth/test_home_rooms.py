"""Everybody's way to their locks: sign-in and out, whose pages open to whom, and no form taken but our own."""

import re
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from tests.auth.home_pages import Home, place_of
from tests.auth.staff_pages import HTML, Desk
from tests.support.client import PASSWORD, Api
from tests.support.locks import claim, share

FORM = "application/x-www-form-urlencoded"
OPEN = {"/home/login", "/home/logout"}
SECRETS = re.compile(r"[A-Za-z0-9_-]{43}")
GUESTS_OWN = {"", "/qr", "/unlock", "/lock"}  # of a lock's paths, what is for whom it is shared with, too


def paths(app: Flask, method: str, device: str | None = None) -> list[str]:
    """Every path of the home; only those of `device` when it is given, with ids that nothing has."""
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/home") and method in (rule.methods or set()):
            path = re.sub(r"<uuid:device_id>", device or str(uuid4()), rule.rule)
            found.add(re.sub(r"<uuid:\w+>", str(uuid4()), re.sub(r"<key:\w+>", "4711", path)))
    return sorted(path for path in found - OPEN if device is None or device in path)


def statuses(home: Home, app: Flask, device: str) -> dict[str, int]:
    """What each path of a device answers, but for forms that other things refuse first."""
    found = {path: home.get(path).status_code for path in paths(app, "GET", device)}
    return found | {f"POST {path}": home.post(path).status_code for path in paths(app, "POST", device)}


def test_everybody_signs_in_and_out(api: Api) -> None:
    home = Home(api)
    assert "No lock yet" in home.see("/home/")
    assert api.one("SELECT count(*) FROM sessions WHERE user_id = %s AND kind = 'home'", home.person.id) == 1
    assert home.get("/home/login/").headers["Location"] == "/home/"
    assert home.send("/home/", "/home/logout/").headers["Location"] == "/home/login/"
    assert home.get("/home/").headers["Location"] == "/home/login/"


@pytest.mark.parametrize(
    ("password", "is_active", "status", "words"),
    [
        pytest.param("a guess", True, 401, "Invalid email or password", id="wrong password"),
        pytest.param(PASSWORD, False, 403, "User account is disabled", id="disabled"),
    ],
)
def test_others_stay_outside(api: Api, password: str, is_active: bool, status: int, words: str) -> None:
    home = Home(api)
    home.send("/home/", "/home/logout/")
    api.rows("UPDATE app_users SET is_active = %s WHERE id = %s", is_active, home.person.id)
    answer = home.send("/home/login/", username=home.person.email, password=password)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert home.get("/home/").status_code == 303


def test_who_is_disabled_is_out_at_once(api: Api) -> None:
    home = Home(api)
    api.rows("UPDATE app_users SET is_active = false WHERE id = %s", home.person.id)
    assert home.get("/home/").status_code == 303


def test_it_opens_nothing_of_staffs(api: Api) -> None:
    home = Home(api)
    assert home.get("/admin/").headers["Location"] == "/admin/login/"
    assert home.get("/admin/fleet/").status_code == 303
    assert api.call("GET", "/api/v1/users/").status_code == 401
    assert api.call("GET", "/api/v1/devices/").status_code == 401


def test_staffs_sign_in_is_no_way_in_for_others(api: Api) -> None:
    home = Home(api)
    answer = home.send("/admin/login/", username=home.person.email, password=PASSWORD)
    assert (answer.status_code, "for staff only" in answer.text) == (403, True)


def test_staff_has_locks_too_and_sees_only_its_own(api: Api) -> None:
    owner = api.person()
    device = claim(owner, name="Not theirs")["id"]
    desk = Desk(api)
    assert "No lock yet" in desk.see("/home/")
    assert desk.get(place_of(device)).status_code == 404


def test_strangers_are_sent_to_sign_in(api: Api, rolled_back_app: Flask) -> None:
    found = paths(rolled_back_app, "GET")
    assert len(found) > 10
    assert {(path, api.client.get(path).headers.get("Location")) for path in found} == {
        (path, "/home/login/") for path in found
    }
    for path in paths(rolled_back_app, "POST"):
        answer = api.client.post(path, data={}, content_type=FORM, headers=HTML)
        assert (path, answer.status_code, answer.headers["Location"]) == (path, 303, "/home/login/")


def test_a_bearer_token_opens_no_room(api: Api, rolled_back_app: Flask) -> None:
    person = api.person()
    assert {person.call("GET", path).status_code for path in paths(rolled_back_app, "GET")} == {303}


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        pytest.param(None, {}, id="no token"),
        pytest.param("x" * 32, {}, id="wrong token"),
        pytest.param("right", {"Origin": "https://evil.example"}, id="other origin"),
    ],
)
def test_every_form_must_be_ours(api: Api, rolled_back_app: Flask, token: str | None, headers: dict[str, str]) -> None:
    owner = api.person()
    device = claim(owner)["id"]
    home = Home(api, owner)
    right = home.token
    data: Any = {} if token is None else {"csrf_token": right if token == "right" else token}
    found = {*paths(rolled_back_app, "POST"), *paths(rolled_back_app, "POST", device)}
    assert len(found) > 25
    for path in found:
        answer = api.client.post(path, data=data, content_type=FORM, headers={**HTML, **headers})
        assert (path, answer.status_code) == (path, 403)
    assert api.one("SELECT count(*) FROM device_logs") == 1


def test_a_lock_of_somebody_elses_is_not_there(api: Api, rolled_back_app: Flask) -> None:
    device = claim(api.person(), name="Hidden door")["id"]
    home = Home(api)
    found = statuses(home, rolled_back_app, device)
    assert len(found) > 20
    assert {path: status for path, status in found.items() if status != 404} == {}
    assert "Hidden door" not in home.get(place_of(device)).text


def test_a_guest_may_use_a_lock_and_no_more(api: Api, rolled_back_app: Flask) -> None:
    owner, guest = api.person(), api.person()
    device = claim(owner)["id"]
    share(owner, device, guest)
    home = Home(api, guest)
    found = statuses(home, rolled_back_app, device)
    for path, status in found.items():
        rest = path.partition(device)[2]
        if rest == "/reboot":
            assert (path, status) == (path, 303)  # back to the lock, with the refusal in words
        elif rest not in GUESTS_OWN:
            assert (path, status) == (path, 403)
    assert {found[place_of(device).rstrip("/") + rest] for rest in ("", "/qr")} == {200}


def test_what_is_not_there_is_not_found(api: Api, rolled_back_app: Flask) -> None:
    owner = api.person()
    device = claim(owner)["id"]
    home = Home(api, owner)
    for path, status in statuses(home, rolled_back_app, device).items():
        if "4711" in path or re.search(r"shares/[0-9a-f]{8}-", path):
            assert (path, status) == (path, 404)


def test_no_page_is_kept_by_browsers_or_proxies(api: Api, rolled_back_app: Flask) -> None:
    owner = api.person()
    device = claim(owner)["id"]
    home = Home(api, owner)
    for path in ["/home/", "/home/claim/", *paths(rolled_back_app, "GET", device)]:
        answer = home.get(path)
        if answer.status_code == 200:
            assert (path, answer.headers["Cache-Control"]) == (path, "private, no-store")
            assert (path, SECRETS.findall(re.sub(r'value="[^"]+"', "", answer.text))) == (path, [])
