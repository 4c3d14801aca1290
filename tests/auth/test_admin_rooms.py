"""All rooms of staff's pages: open to staff only, and no form is taken but our own."""

import re
from uuid import uuid4

import pytest
from flask import Flask

from tests.auth.staff_pages import HTML, Desk
from tests.support.client import Api

FORM = "application/x-www-form-urlencoded"
OPEN = {"/admin/login", "/admin/logout"}


def paths(app: Flask, method: str) -> list[str]:
    """Every path of staff's pages, with ids that nothing has."""
    found = {
        re.sub(r"<key:\w+>", "4711", re.sub(r"<uuid:\w+>", str(uuid4()), rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/admin") and method in (rule.methods or set())
    }
    return sorted(found - OPEN)


def test_strangers_are_sent_to_sign_in(api: Api, rolled_back_app: Flask) -> None:
    found = paths(rolled_back_app, "GET")
    assert len(found) > 20
    for path in found:
        answer = api.client.get(path, headers=HTML)
        assert (path, answer.status_code, answer.headers.get("Location")) == (path, 303, "/admin/login/")


def test_who_is_no_staff_any_more_is_sent_to_sign_in(api: Api, rolled_back_app: Flask) -> None:
    desk = Desk(api)
    api.rows("UPDATE app_users SET is_staff = false WHERE id = %s", desk.person.id)
    assert {desk.get(path).status_code for path in paths(rolled_back_app, "GET")} == {303}


def test_a_bearer_token_opens_no_room(api: Api, rolled_back_app: Flask) -> None:
    staff = api.staff()
    assert {staff.call("GET", path).status_code for path in paths(rolled_back_app, "GET")} == {303}


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        pytest.param(None, {}, id="no token"),
        pytest.param("x" * 32, {}, id="wrong token"),
        pytest.param("", {}, id="empty token"),
        pytest.param("right", {"Origin": "https://evil.example"}, id="other origin"),
    ],
)
def test_every_form_must_be_ours(api: Api, rolled_back_app: Flask, token: str | None, headers: dict[str, str]) -> None:
    desk = Desk(api)
    right = desk.form("/admin/", "/admin/logout/").fields["csrf_token"][0]
    data = {} if token is None else {"csrf_token": right if token == "right" else token}
    found = paths(rolled_back_app, "POST")
    assert len(found) > 15
    for path in found:
        answer = api.client.post(path, data=data, content_type=FORM, headers={**HTML, **headers})
        assert (path, answer.status_code) == (path, 403)


def test_strangers_forms_change_nothing(api: Api, rolled_back_app: Flask) -> None:
    for path in paths(rolled_back_app, "POST"):
        answer = api.client.post(path, data={}, content_type=FORM, headers=HTML)
        assert (path, answer.status_code) == (path, 303)
    assert api.one("SELECT count(*) FROM audit_log") == 0


def test_what_is_not_there_is_not_found(api: Api, rolled_back_app: Flask) -> None:
    desk = Desk(api)
    token = desk.form("/admin/", "/admin/logout/").fields["csrf_token"][0]
    for path in paths(rolled_back_app, "GET"):
        if "4711" in path or re.search(r"[0-9a-f]{8}-", path):
            assert (path, desk.get(path).status_code) == (path, 404)
    for path in paths(rolled_back_app, "POST"):
        if path.endswith(("4711/delete", "4711/withdraw", "/test", "/switch", "/acknowledge", "/end", "/check")):
            answer = api.client.post(path, data={"csrf_token": token}, headers=HTML)
            assert (path, answer.status_code) == (path, 404)


def test_every_room_is_in_the_navigation_and_stands(api: Api) -> None:
    desk = Desk(api)
    navigation = re.search(r'<nav aria-label="Staff pages">(.*?)</nav>', desk.see("/admin/"), re.DOTALL)
    assert navigation
    links = re.findall(r'href="([^"]+)"', navigation[1])
    assert len(links) == 17
    for link in links:
        page = desk.see(link)
        assert f'href="{link}" aria-current="page"' in page
        assert page.count('aria-current="page"') == 1
        assert page.count("<h1>") == 1


def test_no_page_is_kept_by_browsers_or_proxies(api: Api) -> None:
    assert Desk(api).get("/admin/users/").headers["Cache-Control"] == "private, no-store"
