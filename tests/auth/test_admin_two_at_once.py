"""Two members of staff with the same form open: the second to save does not undo the first unseen."""

from typing import Any

import pytest

from tests.auth.staff_pages import HTML, Desk
from tests.auth.watched import endpoint
from tests.support.client import Api

SAID = "Somebody else changed this meanwhile"
NEXT_YEAR = {"starts_at": "2190-05-04T20:00:00Z", "ends_at": "2190-05-04T22:00:00Z"}


def open_forms(desk: Desk) -> dict[str, tuple[str, str, str, str]]:
    """Of each form that changes something: where it is, what changes, and to what the first and the second put it."""
    admin, person = desk.person, desk.api.person()
    watched = endpoint(admin)["id"]
    incident = admin.call(
        "POST", "/health/api/incidents/", {"title": "Slow", "impact": "degraded", "message": "We look."}
    ).get_json()["id"]
    plan = admin.call(
        "POST", "/health/api/maintenance/", {"title": "Disks", "is_for_all": True, **NEXT_YEAR}
    ).get_json()["id"]
    desk.change("/admin/notifications/new/", name="Ops", url="ntfys://topic")
    channel = desk.api.one("SELECT max(id) FROM channels")
    return {
        "endpoint": (f"/admin/health/endpoints/{watched}/edit/", "name", "First", "Second"),
        "incident": (f"/admin/health/incidents/{incident}/edit/", "title", "First", "Second"),
        "maintenance": (f"/admin/health/maintenance/{plan}/edit/", "title", "First", "Second"),
        "channel": (f"/admin/notifications/{channel}/", "name", "First", "Second"),
        "user": (f"/admin/users/{person.id}/", "role", "teacher", "librarian"),
        "status page": ("/admin/health/status-page/", "title", "First", "Second"),
    }


@pytest.mark.parametrize("which", ["endpoint", "incident", "maintenance", "channel", "user", "status page"])
def test_the_second_is_told_and_may_then_save(api: Api, which: str) -> None:
    desk = Desk(api, api.admin())
    path, field, first, second = open_forms(desk)[which]
    stale = desk.form(path)

    def save_stale(**changes: Any) -> Any:
        fields = {**stale.fields, **changes}
        return api.client.post(path, data={name: value for name, value in fields.items() if value != []}, headers=HTML)

    desk.change(path, **{field: first})
    refused = save_stale(**{field: second})
    assert (refused.status_code, SAID in refused.text) == (409, True)
    assert desk.form(path).fields[field] == [first]
    desk.change(path, **{field: second})
    assert desk.form(path).fields[field] == [second]
