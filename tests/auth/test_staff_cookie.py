"""The cookie of staff's pages opens what staff may read of the API, and nothing that changes anything."""

import pytest

from tests.auth.staff_pages import Desk
from tests.support.client import Api

ANALYTICS = "/api/admin/analytics/"


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


def test_the_description_says_so(api: Api) -> None:
    found = api.call("GET", "/openapi.json").get_json()
    assert found["components"]["securitySchemes"]["cookie"] == {"type": "apiKey", "in": "cookie", "name": "watchhouse"}
    assert found["paths"][ANALYTICS]["get"]["security"] == [{"bearer": []}, {"cookie": []}]
    assert found["paths"]["/health/api/incidents/"]["post"]["security"] == [{"bearer": []}]
