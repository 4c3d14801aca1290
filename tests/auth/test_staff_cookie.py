"""The cookie of staff's pages opens what staff may read of the API, and nothing that changes anything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import auth.app
from auth.settings import read_settings
from standalone.postgres import Server
from tests.auth.home_pages import Home
from tests.auth.staff_pages import Desk
from tests.conftest import CHEAP_HASHER
from tests.support.client import Api
from tests.support.databases import throw_away
from tests.support.rollback import engine_options_for, open_outer

ANALYTICS = "/api/admin/analytics/"
STAFF_ONLY = (ANALYTICS, "/admin/analytics/", "/admin/health/logs/", "/admin/analytics/audit/")


@pytest.fixture
def local(server: Server, tmp_path: Path) -> Iterator[Api]:
    """The API of a house whose staff sits beside it."""
    given = {"STAFF_NETWORKS": "127.0.0.0/8", "WATCHHOUSE_DATA": str(tmp_path)}
    settings = read_settings({"WATCHHOUSE_DEMO": "1", "DATABASE_URL": "postgresql://u@h/d", **given})
    with throw_away(server) as found, pytest.MonkeyPatch.context() as patch:
        outer = open_outer(found.auth_url)
        patch.setattr(auth.app, "engine_options", lambda **_: engine_options_for(outer))
        outer.begin()
        yield Api(auth.app.create_app(settings, CHEAP_HASHER).test_client(), outer)
        outer.close()


@pytest.mark.parametrize("path", [ANALYTICS, "/api/v1/users/"])
def test_a_cookie_opens_what_staff_may_read(api: Api, path: str) -> None:
    assert api.call("GET", path).status_code == 401
    Desk(api)
    assert api.call("GET", path).status_code == 200


def test_it_changes_nothing(api: Api) -> None:
    desk = Desk(api, api.admin())
    assert api.call("PATCH", f"/api/v1/users/{desk.person.id}/", {"role": "student"}).status_code == 401
    assert api.call("POST", "/health/api/incidents/", {"title": "Slow", "impact": "degraded"}).status_code == 401


def test_it_opens_nothing_once_its_person_is_no_staff_or_has_signed_out(api: Api) -> None:
    desk = Desk(api)
    api.rows("UPDATE app_users SET is_staff = false WHERE id = %s", desk.person.id)
    assert api.call("GET", ANALYTICS).status_code == 401
    api.rows("UPDATE app_users SET is_staff = true WHERE id = %s", desk.person.id)
    assert api.call("GET", ANALYTICS).status_code == 200
    desk.send("/admin/", "/admin/logout/")
    assert api.call("GET", ANALYTICS).status_code == 401


def test_a_token_goes_before_it(api: Api) -> None:
    person = api.person()
    Desk(api)
    assert person.call("GET", ANALYTICS).status_code == 403
    assert api.call("GET", ANALYTICS, headers={"Authorization": "Bearer none"}).status_code == 401


def test_it_does_not_open_what_is_everybodys_own(api: Api) -> None:
    Desk(api)
    assert api.call("GET", "/api/v1/auth/me/").status_code == 401


def test_staff_comes_from_its_networks_by_cookie_by_token_and_to_its_pages(local: Api) -> None:
    desk = Desk(local)
    for address, status in (("127.0.0.1", 200), ("198.51.100.7", 403)):
        here = {"REMOTE_ADDR": address}
        found = [local.client.get(path, environ_overrides=here).status_code for path in STAFF_ONLY]
        found.append(local.client.get(ANALYTICS, headers=desk.person.bearer, environ_overrides=here).status_code)
        assert found == [status] * 5, address


def test_staffs_sign_in_at_home_opens_no_more_than_that_at_staffs_door(local: Api) -> None:
    Home(local, local.staff())
    for address, status in (("127.0.0.1", 200), ("198.51.100.7", 403)):
        here = {"REMOTE_ADDR": address}
        assert local.client.get("/home/", environ_overrides=here).status_code == 200
        assert [local.client.get(path, environ_overrides=here).status_code for path in STAFF_ONLY] == [status] * 4


def test_the_description_says_so(api: Api) -> None:
    found = api.call("GET", "/openapi.json").get_json()
    assert found["components"]["securitySchemes"]["cookie"] == {"type": "apiKey", "in": "cookie", "name": "watchhouse"}
    assert found["paths"][ANALYTICS]["get"]["security"] == [{"bearer": []}, {"cookie": []}]
    assert found["paths"]["/health/api/incidents/"]["post"]["security"] == [{"bearer": []}]
