"""/health/api/incidents/: staff tells what went wrong, everybody signed in reads it, channels hear of it."""

from typing import Any

import pytest

from tests.auth.watched import endpoint, faults
from tests.support.client import Api, Person

INCIDENTS = "/health/api/incidents/"
NEW: dict[str, Any] = {"title": "Slow shop", "impact": "degraded", "message": "We are looking."}


def incident(staff: Person, **fields: Any) -> dict[str, Any]:
    """An incident that staff tells of, as it is answered."""
    answer = staff.call("POST", INCIDENTS, {**NEW, **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made


def write(staff: Person, made: dict[str, Any], status: str, message: str = "News.") -> Any:
    """The answer to one more entry of its timeline."""
    return staff.call("POST", f"{INCIDENTS}{made['id']}/updates/", {"status": status, "message": message})


def listed(caller: Person, query: str = "") -> list[int]:
    """The ids that a caller's list shows."""
    return [item["id"] for item in caller.call("GET", INCIDENTS + query).get_json()["items"]]


def messages(api: Api) -> list[tuple[Any, ...]]:
    """What channels are to be told."""
    return api.rows("SELECT recipient, subject, body FROM outbox WHERE channel = 'notification' ORDER BY id")


@pytest.fixture
def staff(api: Api) -> Person:
    """Staff, and two channels: one that wants to hear of incidents, one that does not."""
    api.rows(
        "INSERT INTO channels (name, url, shown, kinds) VALUES"
        " ('pager', 'https://pager.example.com/', 'https://pager…', '{incidents}'),"
        " ('log', 'https://log.example.com/', 'https://log…', '{changes,alerts}')"
    )
    return api.staff()


def test_it_is_told_with_its_first_entry_and_sent_to_channels(api: Api, staff: Person) -> None:
    shop = endpoint(staff, name="Shop")
    made = incident(staff, endpoints=[shop["id"], shop["id"]])
    assert made.items() >= {
        "title": "Slow shop", "impact": "degraded", "status": "investigating", "is_by_rule": False, "resolved_at": None,
        "opened_by": staff.id, "acknowledged_at": None, "endpoints": [{"id": shop["id"], "name": "Shop"}],
    }.items()  # fmt: skip
    assert [(entry["status"], entry["message"], entry["written_by"]) for entry in made["updates"]] == [
        ("investigating", "We are looking.", staff.id)
    ]
    assert messages(api) == [("pager", "Slow shop: investigating", "We are looking.")]
    assert api.person().call("GET", f"{INCIDENTS}{made['id']}").get_json() == made


@pytest.mark.parametrize("channel", ["enabled", "disabled"])
def test_only_channels_that_are_on_hear(api: Api, staff: Person, channel: str) -> None:
    api.rows("UPDATE channels SET is_enabled = %s", channel == "enabled")
    incident(staff)
    assert len(messages(api)) == (1 if channel == "enabled" else 0)


def test_its_timeline_goes_on_until_it_is_resolved(api: Api, staff: Person) -> None:
    made = incident(staff)
    for status in ("identified", "monitoring", "resolved"):
        answer = write(staff, made, status, f"It is {status}.")
        assert (answer.status_code, answer.get_json()["status"]) == (201, status)
    found = api.person().call("GET", f"{INCIDENTS}{made['id']}/").get_json()
    assert [entry["status"] for entry in found["updates"]] == ["investigating", "identified", "monitoring", "resolved"]
    assert found["resolved_at"]
    assert messages(api)[-1] == ("pager", "Slow shop: resolved", "It is resolved.")


def test_what_is_resolved_stays_so_and_may_be_added_to(staff: Person) -> None:
    made = incident(staff)
    resolved_at = write(staff, made, "resolved").get_json()["resolved_at"]
    assert write(staff, made, "monitoring").status_code == 409
    added = write(staff, made, "resolved", "What we learnt.")
    assert (added.status_code, added.get_json()["resolved_at"]) == (201, resolved_at)
    assert len(added.get_json()["updates"]) == 3


def test_it_is_edited_and_acknowledged_once(api: Api, staff: Person) -> None:
    first, second = endpoint(staff), endpoint(staff)
    made = incident(staff, endpoints=[first["id"]])
    changes = {"title": "Shop down", "impact": "major_outage", "endpoints": [second["id"]], "is_acknowledged": True}
    found = staff.call("PATCH", f"{INCIDENTS}{made['id']}/", changes).get_json()
    assert (found["title"], found["impact"], [one["id"] for one in found["endpoints"]]) == (
        "Shop down", "major_outage", [second["id"]],
    )  # fmt: skip
    again = api.admin().call("PATCH", f"{INCIDENTS}{made['id']}/", {"is_acknowledged": True}).get_json()
    assert (again["acknowledged_by"], again["acknowledged_at"]) == (staff.id, found["acknowledged_at"])
    assert messages(api)[1:] == []


def test_one_opened_by_rule_is_told_as_such_and_resolved_by_staff(api: Api, staff: Person) -> None:
    shop = endpoint(staff)
    [(made,)] = api.collect(
        "INSERT INTO incidents (title, impact, endpoint_id) VALUES ('Shop is down', 'major_outage', %s) RETURNING id",
        shop["id"],
    )
    assert staff.call("GET", f"{INCIDENTS}{made}/").get_json()["is_by_rule"]
    assert write(staff, {"id": made}, "resolved").get_json()["resolved_at"]


def test_the_list_is_newest_first_and_narrowed_by_status(staff: Person) -> None:
    first, second, third = (incident(staff) for _ in range(3))
    write(staff, second, "resolved")
    assert listed(staff) == [third["id"], second["id"], first["id"]]
    assert listed(staff, "?status=open") == [third["id"], first["id"]]
    assert listed(staff, "?status=resolved") == [second["id"]]
    page = staff.call("GET", INCIDENTS + "?limit=2").get_json()
    assert listed(staff, f"?cursor={page['next']}") == [first["id"]]


def test_who_is_no_staff_hears_nothing_of_hidden_endpoints(api: Api, staff: Person) -> None:
    shown, hidden = endpoint(staff), endpoint(staff, name="Vault", is_public=False)
    secret = incident(staff, endpoints=[hidden["id"]])
    mixed = incident(staff, endpoints=[shown["id"], hidden["id"]])
    general = incident(staff)
    reader = api.person()
    assert listed(reader) == [general["id"], mixed["id"]]
    assert listed(staff) == [general["id"], mixed["id"], secret["id"]]
    assert "Vault" not in reader.call("GET", f"{INCIDENTS}{mixed['id']}/").text
    assert reader.call("GET", f"{INCIDENTS}{secret['id']}/").status_code == 404


def test_one_by_rule_stays_hidden_with_its_endpoint_gone(api: Api, staff: Person) -> None:
    hidden = endpoint(staff, name="Vault", is_public=False)
    [(made,)] = api.collect(
        "INSERT INTO incidents (title, impact, endpoint_id) VALUES ('Vault is down', 'major_outage', %s) RETURNING id",
        hidden["id"],
    )
    api.collect("INSERT INTO incident_endpoints (incident_id, endpoint_id) VALUES (%s, %s)", made, hidden["id"])
    assert staff.call("DELETE", f"/health/api/endpoints/{hidden['id']}/").status_code == 204
    assert listed(api.person()) == []
    assert staff.call("GET", f"{INCIDENTS}{made}/").get_json()["is_by_rule"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", ""), ("title", "x" * 201), ("title", "a\r\nBcc: b"), ("impact", "none"), ("impact", None),
     ("message", ""), ("message", "x" * 5001),
     ("status", "resolved"), ("endpoints", [0]), ("endpoints", [4711]), ("endpoints", "all"),
     ("message", "\u0000"), ("is_acknowledged", True)],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_a_fault_is_told_by_its_field(api: Api, staff: Person, field: str, value: Any) -> None:
    answer = staff.call("POST", INCIDENTS, {**NEW, field: value})
    assert {named.partition(".")[0] for named in faults(answer)} == {field}
    assert api.one("SELECT count(*) FROM incidents") == 0
    assert messages(api) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", INCIDENTS, NEW), ("PATCH", INCIDENTS + "{id}/", {"title": "x"}),
     ("POST", INCIDENTS + "{id}/updates/", {"status": "resolved", "message": "x"})],
    ids=["POST", "PATCH", "updates"],
)  # fmt: skip
def test_only_staff_tells(api: Api, staff: Person, method: str, path: str, body: dict[str, Any]) -> None:
    made = incident(staff)
    assert api.call(method, path.format(**made), body).status_code == 401
    assert api.person(role="teacher").call(method, path.format(**made), body).status_code == 403
    missing = staff.call(method, path.format(id=made["id"] + 999), body).status_code
    assert missing == (201 if path == INCIDENTS else 404)


def test_only_who_is_signed_in_reads(api: Api, staff: Person) -> None:
    made = incident(staff)
    assert [api.call("GET", path).status_code for path in (INCIDENTS, f"{INCIDENTS}{made['id']}/")] == [401, 401]


@pytest.mark.parametrize("changes", [{}, {"is_acknowledged": False}, {"status": "resolved"}, {"title": None}], ids=str)
def test_a_change_says_something_that_can_be(staff: Person, changes: dict[str, Any]) -> None:
    made = incident(staff)
    assert faults(staff.call("PATCH", f"{INCIDENTS}{made['id']}/", changes))


def test_a_repeated_key_writes_one_entry(api: Api, staff: Person) -> None:
    made, key = incident(staff), {"Idempotency-Key": "k"}
    for _ in range(2):
        body = {"status": "identified", "message": "Found."}
        assert staff.call("POST", f"{INCIDENTS}{made['id']}/updates/", body, key).status_code == 201
    assert api.one("SELECT count(*) FROM incident_updates") == 2
