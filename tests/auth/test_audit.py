"""The audit log: each change of staff's, with who and from where, without secrets; and nothing that did not happen."""

from typing import Any

import pytest
from psycopg2.errors import InsufficientPrivilege

from tests.auth.watched import ENDPOINTS, endpoint
from tests.support.client import Api
from tests.support.databases import Database, query

FUTURE = {"starts_at": "2031-01-01T00:00:00Z", "ends_at": "2031-01-01T01:00:00Z"}


def entries(api: Api) -> list[tuple[str, str, dict[str, Any]]]:
    """What the log holds: action, subject, changes."""
    return api.rows("SELECT action, subject_type || ' ' || subject_id, changes FROM audit_log ORDER BY id")  # type: ignore[return-value]  # as selected


def test_an_entry_says_who_did_what_from_where(api: Api) -> None:
    staff = api.staff()
    answer = staff.call("POST", ENDPOINTS, {"name": "Shop", "url": "/shop"}, {"X-Request-ID": "abc"})
    assert answer.status_code == 201
    assert api.rows("SELECT user_id::text, action, subject_id, ip_address, request_id FROM audit_log") == [
        (staff.id, "endpoint.created", str(answer.get_json()["id"]), "127.0.0.1", "abc")
    ]


def test_a_change_tells_what_was_and_what_is(api: Api) -> None:
    staff = api.staff()
    made = endpoint(staff, name="Shop")
    staff.call("PATCH", f"{ENDPOINTS}{made['id']}/", {"name": "Store", "retries": 2, "assertions": []})
    staff.call("DELETE", f"{ENDPOINTS}{made['id']}/")
    subject = f"endpoint {made['id']}"
    created, changed, deleted = entries(api)
    assert (created[:2], created[2]["name"]) == (("endpoint.created", subject), [None, "Shop"])
    assert changed == ("endpoint.changed", subject, {"name": ["Shop", "Store"]})
    assert (deleted[:2], deleted[2]["name"]) == (("endpoint.deleted", subject), ["Store", None])


def test_secrets_do_not_stand_in_it(api: Api) -> None:
    staff = api.staff()
    made = endpoint(staff, method="POST", headers={"Authorization": "hush-1"}, body="hush-2")
    staff.call("PATCH", f"{ENDPOINTS}{made['id']}/", {"headers": {"Authorization": "hush-3"}, "body": None})
    assert "hush" not in str(entries(api))
    assert entries(api)[1][2] == {"headers": [{"Authorization": "***"}] * 2, "body": ["***", None]}


@pytest.mark.parametrize(
    ("path", "body", "change", "actions"),
    [
        ("/health/api/incidents/", {"title": "x", "impact": "degraded", "message": "m"}, {"is_acknowledged": True},
         ["incident.created", "incident.changed"]),
        ("/health/api/maintenance/", {"title": "x", "is_for_all": True, **FUTURE}, {"title": "y"},
         ["maintenance.created", "maintenance.changed", "maintenance.deleted"]),
    ],
    ids=["incidents", "maintenance"],
)  # fmt: skip
def test_every_change_is_told(
    api: Api, path: str, body: dict[str, Any], change: dict[str, Any], actions: list[str]
) -> None:
    staff = api.staff()
    made = staff.call("POST", path, body).get_json()["id"]
    assert staff.call("PATCH", f"{path}{made}/", change).status_code == 200
    staff.call("DELETE", f"{path}{made}/")
    assert [action for action, _, _ in entries(api)] == actions


def test_an_incidents_timeline_and_a_users_rights_are_told(api: Api) -> None:
    admin, person = api.admin(), api.person()
    body = {"title": "x", "impact": "degraded", "message": "m"}
    made = admin.call("POST", "/health/api/incidents/", body).get_json()["id"]
    admin.call("POST", f"/health/api/incidents/{made}/updates/", {"status": "identified", "message": "Found."})
    admin.call("PATCH", f"/api/v1/users/{person.id}/", {"role": "teacher", "is_active": True})
    assert entries(api)[1:] == [
        ("incident.update_written", f"incident {made}",
         {"status": ["investigating", "identified"], "message": [None, "Found."]}),
        ("user.changed", f"user {person.id}", {"role": ["student", "teacher"]}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", ENDPOINTS, {"name": "Shop", "url": "/"}), ("POST", ENDPOINTS, {"name": "New", "url": "ftp://x/"}),
     ("PATCH", "/health/api/incidents/1/", {"title": "x"}), ("DELETE", "/health/api/maintenance/1/", None)],
    ids=["taken", "wrong", "missing incident", "missing plan"],
)  # fmt: skip
def test_what_did_not_happen_is_not_told(api: Api, method: str, path: str, body: Any) -> None:
    staff = api.staff()
    endpoint(staff, name="Shop")
    assert staff.call(method, path, body).status_code >= 400
    assert len(entries(api)) == 1


def test_a_replay_is_no_change(api: Api) -> None:
    staff = api.staff()
    for _ in range(2):
        staff.call("POST", ENDPOINTS, {"name": "Shop", "url": "/"}, {"Idempotency-Key": "k"})
    assert len(entries(api)) == 1


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log"])
def test_nobody_changes_it(database: Database, statement: str) -> None:
    for url in (database.auth_url, database.collector_url):
        with pytest.raises(InsufficientPrivilege):
            query(url, statement)
