"""/admin/users/, /admin/health/status-page/ and /admin/audit/: rights, looks, and who changed what."""

import re

import pytest

from tests.auth.staff_pages import Desk
from tests.support.client import Api

USERS = "/admin/users/"
LOOK = "/admin/health/status-page/"
AUDIT = "/admin/audit/"


@pytest.fixture
def desk(api: Api) -> Desk:
    return Desk(api, api.admin())


def test_an_admin_changes_roles_and_rights(desk: Desk) -> None:
    person = desk.api.person()
    page = f"{USERS}{person.id}/"
    assert "is saved" in desk.change(page, role="librarian", identity_verified="on")
    assert desk.api.rows("SELECT role, identity_verified, is_staff FROM app_users WHERE id = %s", person.id) == [
        ("librarian", True, False)
    ]
    action, subject, changes = desk.audited()
    assert (action, subject) == ("user.changed", person.id)
    assert (changes["role"], changes["identity_verified"]) == (["student", "librarian"], [False, True])


def test_the_role_admin_brings_staff_with_it(desk: Desk) -> None:
    person = desk.api.person()
    desk.change(f"{USERS}{person.id}/", role="admin")
    assert desk.api.one("SELECT is_staff FROM app_users WHERE id = %s", person.id)
    desk.change(f"{USERS}{person.id}/", role="teacher")
    assert not desk.api.one("SELECT is_staff FROM app_users WHERE id = %s", person.id)


def test_whoever_is_disabled_is_out_at_once(desk: Desk) -> None:
    person = desk.api.person()
    desk.change(f"{USERS}{person.id}/", is_active=[])
    assert person.call("GET", "/api/v1/auth/me/").status_code == 401
    assert "Disabled" in desk.see(USERS + "?q=" + person.email)


def test_a_form_sent_as_it_came_changes_nothing(desk: Desk) -> None:
    before = desk.api.one("SELECT count(*) FROM audit_log")
    assert "Nothing was changed" in desk.change(f"{USERS}{desk.person.id}/")
    assert desk.api.one("SELECT count(*) FROM audit_log") == before


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"is_staff": "on"}, "Only an admin may give or take staff", id="staff"),
        pytest.param({"role": "admin"}, "Only an admin may give or take staff", id="admin"),
    ],
)
def test_staff_that_is_no_admin_gives_no_staff(api: Api, fields: dict[str, str], reason: str) -> None:
    desk = Desk(api, api.staff())
    person = api.person()
    answer = desk.send(f"{USERS}{person.id}/", **fields)
    assert (answer.status_code, reason in answer.text) == (403, True)
    assert not api.one("SELECT is_staff FROM app_users WHERE id = %s", person.id)


def test_nobody_takes_their_own_rights(desk: Desk) -> None:
    answer = desk.send(f"{USERS}{desk.person.id}/", is_active=[])
    assert (answer.status_code, "You cannot take your own rights" in answer.text) == (403, True)


def test_users_are_found_by_role_and_name(desk: Desk) -> None:
    person = desk.api.person(role="teacher", first_name="Grace")
    assert person.email in desk.see(USERS + "?role=teacher&q=")
    assert person.email in desk.see(USERS + "?q=grac&role=")
    assert person.email not in desk.see(USERS + "?role=librarian")


def test_the_look_of_the_status_page_is_changed(desk: Desk) -> None:
    desk.change(LOOK, title="Our house", danger_color="#AA0000", refresh_seconds="60", shows_uptime=[])
    assert desk.api.rows("SELECT title, danger_color, refresh_seconds, shows_uptime FROM status_page") == [
        ("Our house", "#aa0000", 60, False)
    ]
    assert desk.audited()[2] == {
        "title": ["Watchhouse", "Our house"],
        "danger_color": ["#b3261e", "#aa0000"],
        "refresh_seconds": [30, 60],
        "shows_uptime": [True, False],
    }


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"title": ""}, "at least 1 character", id="no title"),
        pytest.param({"title": "a\nb"}, "one line", id="two lines"),
        pytest.param({"primary_color": "red"}, "should match pattern", id="no colour"),
        pytest.param({"primary_color": "#fff;}"}, "should match pattern", id="style"),
        pytest.param({"refresh_seconds": "1"}, "greater than or equal to 5", id="too often"),
    ],
)
@pytest.mark.parametrize("action", [LOOK, LOOK + "preview/"])
def test_a_look_that_cannot_be_is_refused(desk: Desk, fields: dict[str, str], reason: str, action: str) -> None:
    form = desk.form(LOOK)
    answer = desk.api.client.post(action, data={**form.fields, **fields}, headers={"Accept": "text/html"})
    assert (answer.status_code, reason in answer.text) == (422, True)
    assert desk.api.one("SELECT title FROM status_page") == "Watchhouse"


def test_a_preview_shows_what_is_not_saved(desk: Desk) -> None:
    form = desk.form(LOOK)
    fields = {**form.fields, "title": "Not saved <yet>", "success_color": "#123456"}
    answer = desk.api.client.post(LOOK + "preview/", data=fields, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "<h1>Not saved &lt;yet&gt;</h1>" in answer.text
    assert "#123456" in answer.text
    assert desk.api.one("SELECT title FROM status_page") == "Watchhouse"


def test_the_audit_log_is_narrowed_and_paged(desk: Desk) -> None:
    for title in ("One", "Two", "Three"):
        desk.change(LOOK, title=title)
    desk.change("/admin/notifications/new/", name="Ops", url="https://hooks.example/x")
    assert desk.see(AUDIT + "?action=status_page.changed&subject_id=&since=&until=").count("<code>status_page.") == 3
    assert "channel.created" not in desk.see(AUDIT + "?subject_type=status_page")
    assert "channel.created" in desk.see(f"{AUDIT}?user_id={desk.person.id}")
    assert "No such entry" in desk.see(AUDIT + "?until=2020-01-01")
    assert "No such entry" in desk.see(AUDIT + "?since=2199-01-01")
    first = desk.see(AUDIT + "?subject_type=status_page&limit=2")
    following = re.search(r'rel="next" href="(\?[^"]+)"', first)
    assert following
    second = desk.see(AUDIT + following[1].replace("&amp;", "&"))
    assert [page.count("<code>status_page.") for page in (first, second)] == [2, 1]


@pytest.mark.parametrize("query", ["?user_id=nobody", "?since=soon", "?limit=0", "?what=else", "?cursor=-1"])
def test_a_filter_that_makes_no_sense_is_refused(desk: Desk, query: str) -> None:
    assert desk.get(AUDIT + query).status_code == 422
