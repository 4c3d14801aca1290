"""/health/api/endpoints/ and /health/api/overview/: staff says what is watched, everybody sees how it stands."""

from typing import Any

import pytest

from auth.endpoints.rules import refuse_address
from auth.settings import read_settings
from tests.auth.watched import ENDPOINTS, endpoint, faults, find
from tests.support.client import Api, Person

PUBLIC = {
    "id", "name", "group", "method", "path", "status", "uptime", "response_ms", "last_checked_at", "recent_checks",
}  # fmt: skip
DEFAULTS = {
    "method": "GET", "headers": {}, "body": None, "interval_seconds": 60, "timeout_seconds": 10, "retries": 2,
    "expected_status": ["2xx"], "assertions": [], "degraded_after_ms": 1000, "is_enabled": True, "is_public": True,
    "group": None, "parent_id": None, "position": 0,
}  # fmt: skip
WHOLE: dict[str, Any] = {
    "name": "Shop", "url": "https://shop.example.com/api?key=1", "method": "POST", "headers": {"X-Token": "hush"},
    "body": "{}", "interval_seconds": 5, "timeout_seconds": 3, "retries": 0, "expected_status": [201, "3XX", "200-204"],
    "assertions": [{"kind": "body_contains", "value": "ok"}, {"kind": "json", "path": "$.a", "equals": None}],
    "degraded_after_ms": 500, "is_enabled": False, "is_public": False, "group": "Shops", "position": 7,
}  # fmt: skip

SECRETS = dict.fromkeys(("SECRET_KEY", "DEVICE_KEY", "PIN_PEPPER"), "x" * 40)


def change(staff: Person, made: dict[str, Any], **changes: Any) -> Any:
    """The answer to a change of an endpoint."""
    return staff.call("PATCH", f"{ENDPOINTS}{made['id']}/", changes)


def read(caller: Api | Person, made: dict[str, Any]) -> dict[str, Any]:
    """An endpoint as the caller sees it."""
    found: dict[str, Any] = caller.call("GET", f"{ENDPOINTS}{made['id']}").get_json()
    return found


def test_only_a_name_and_an_address_are_needed(api: Api) -> None:
    made = endpoint(api.staff(), name="Alive", url="/livez")
    assert made.items() >= {"name": "Alive", "url": "/livez", "path": "/livez", "status": "unknown", **DEFAULTS}.items()


def test_staff_sees_all_that_was_said(api: Api) -> None:
    staff = api.staff()
    made = endpoint(staff, **WHOLE)
    expected = {**WHOLE, "expected_status": ["201", "3XX", "200-204"], "path": "/api"}
    assert made.items() >= expected.items()
    assert read(staff, made) == made
    assert staff.call("GET", ENDPOINTS).get_json()["items"][0].items() >= expected.items()


@pytest.mark.parametrize("signed_in", [False, True], ids=["a stranger", "a student"])
def test_others_see_public_ones_and_only_what_is_public_of_them(api: Api, signed_in: bool) -> None:
    staff = api.staff()
    caller = api.person() if signed_in else api
    hidden = endpoint(staff, is_public=False)
    shown = endpoint(
        staff, url="https://shop.example.com/a/b?token=hush", method="POST", headers={"X-T": "hush"}, body="hush"
    )
    assert caller.call("GET", f"{ENDPOINTS}{hidden['id']}/").status_code == 404
    [listed] = caller.call("GET", ENDPOINTS).get_json()["items"]
    assert set(listed) == PUBLIC - {"recent_checks"}
    assert set(read(caller, shown)) == PUBLIC
    assert "hush" not in str(listed) + str(read(caller, shown))
    assert listed["path"] == "/a/b"


def test_a_token_that_is_none_is_refused_even_where_none_is_needed(api: Api) -> None:
    assert api.call("GET", ENDPOINTS, headers={"Authorization": "Bearer nonsense"}).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_only_staff_says_what_is_watched(api: Api, method: str) -> None:
    made = endpoint(api.staff())
    path = ENDPOINTS if method == "POST" else f"{ENDPOINTS}{made['id']}/"
    assert api.call(method, path, {"name": "x", "url": "/x"}).status_code == 401
    assert api.person(role="librarian").call(method, path, {"name": "x", "url": "/x"}).status_code == 403
    assert api.rows("SELECT name, url FROM endpoints") == [(made["name"], made["url"])]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 101), ("name", "two\nlines"), ("name", " blank "), ("name", None),
        ("url", ""), ("url", "ftp://example.com/"), ("url", "example.com"), ("url", "//example.com/x"), ("url", "/a b"),
        ("url", "/a\\b"), ("url", "http://127.0.0.1/"), ("url", "http://2130706433/"), ("url", "http://[::ffff:10.0.0.1]/"),
        ("url", "http://localhost:5432/"), ("url", "http://169.254.169.254/latest"), ("url", "http://u:p@example.com/"),
        ("url", "/" + "x" * 2048), ("url", "http://0x7f.1/"), ("url", "http://[64:ff9b::a00:1]/"),
        ("method", "get"), ("method", "TRACE"),
        ("headers", {"A b": "x"}), ("headers", {"A": "x\r\nB: y"}), ("headers", {"Host": "x"}), ("headers", ["A"]),
        ("headers", {"x-watchhouse-probe": "v1.1.x"}), ("headers", {"A": "1", "a": "2"}), ("headers", {"A": "\u0000"}),
        ("headers", {f"A{n}": "" for n in range(51)}), ("body", "x"),
        ("interval_seconds", 4), ("interval_seconds", "60"), ("interval_seconds", 86_401), ("timeout_seconds", 0),
        ("timeout_seconds", 61), ("retries", -1), ("retries", 11),
        ("expected_status", []), ("expected_status", ["ok"]), ("expected_status", ["299-200"]),
        ("expected_status", [99]),
        ("expected_status", "200"), ("expected_status", ["200"] * 21),
        ("assertions", [{"kind": "body_contains"}]), ("assertions", [{"kind": "magic"}]), ("assertions", {}),
        ("assertions", [{"kind": "body_matches", "pattern": "("}]),
        ("assertions", [{"kind": "body_contains", "value": "a\u0000"}]),
        ("degraded_after_ms", 0), ("is_enabled", 1), ("is_public", None), ("group", ""), ("group", "x" * 101),
        ("parent_id", 0), ("parent_id", 2**63), ("parent_id", 4711), ("position", 2**31), ("id", 1),
        ("group_name", "x"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_fault_is_told_by_its_field(api: Api, field: str, value: Any) -> None:
    staff = api.staff()
    answer = staff.call("POST", ENDPOINTS, {"name": "New", "url": "/x", field: value})
    assert {named.partition(".")[0] for named in faults(answer)} == {field}
    assert api.one("SELECT count(*) FROM endpoints") == 0


def test_a_name_is_taken_once(api: Api) -> None:
    staff = api.staff()
    first, second = endpoint(staff, name="Shop"), endpoint(staff, name="Other")
    assert staff.call("POST", ENDPOINTS, {"name": "Shop", "url": "/"}).status_code == 409
    assert change(staff, second, name="Shop").status_code == 409
    assert change(staff, first, name="Shop").status_code == 200


def test_a_change_changes_what_it_names_and_nothing_else(api: Api) -> None:
    staff = api.staff()
    made = endpoint(staff, **WHOLE)
    answer = change(staff, made, position=1, group=None, headers={})
    assert answer.status_code == 200
    kept = {name: value for name, value in made.items() if name not in {"updated_at"}}
    assert answer.get_json().items() >= {**kept, "position": 1, "group": None, "headers": {}}.items()


def test_a_change_is_judged_with_what_stays(api: Api) -> None:
    staff = api.staff()
    made = endpoint(staff, method="POST", body="{}")
    assert faults(change(staff, made, method="GET")) == ["body"]
    assert change(staff, made, method="GET", body=None).status_code == 200
    assert faults(change(staff, made)) == ["body"]


def test_what_is_no_longer_allowed_can_still_be_disabled(api: Api) -> None:
    staff = api.staff()
    made = endpoint(staff)
    api.rows("UPDATE endpoints SET url = 'http://10.0.0.1/'")
    assert change(staff, made, is_enabled=False).status_code == 200
    assert faults(change(staff, made, url="http://10.0.0.1/")) == ["url"]


def test_nobody_is_their_own_ancestor(api: Api) -> None:
    staff = api.staff()
    first = endpoint(staff)
    second = endpoint(staff, parent_id=first["id"])
    third = endpoint(staff, parent_id=second["id"])
    for parent in (first, second, third):
        assert faults(change(staff, first, parent_id=parent["id"])) == ["parent_id"]
    assert change(staff, third, parent_id=first["id"]).status_code == 200
    assert change(staff, second, parent_id=third["id"]).status_code == 200
    assert faults(change(staff, third, parent_id=second["id"])) == ["parent_id"]


def test_children_outlive_their_parent(api: Api) -> None:
    staff = api.staff()
    parent = endpoint(staff)
    child = endpoint(staff, parent_id=parent["id"])
    assert staff.call("DELETE", f"{ENDPOINTS}{parent['id']}/").status_code == 204
    assert read(staff, child)["parent_id"] is None
    assert staff.call("DELETE", f"{ENDPOINTS}{parent['id']}/").status_code == 404


def test_an_endpoint_that_goes_takes_its_incident_with_it(api: Api) -> None:
    staff = api.staff()
    made = endpoint(staff)
    api.rows("INSERT INTO incidents (title, impact, endpoint_id) VALUES ('Down', 'major_outage', %s)", made["id"])
    staff.call("DELETE", f"{ENDPOINTS}{made['id']}/")
    assert api.rows(
        "SELECT i.status, i.resolved_at IS NULL, u.status"
        " FROM incidents i JOIN incident_updates u ON u.incident_id = i.id"
    ) == [("resolved", False, "resolved")]


@pytest.mark.parametrize("number", ["0", "-1", "01", str(2**63), "9" * 20, "x", "1.5", "٣"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_is_no_id_leads_nowhere(api: Api, method: str, number: str) -> None:
    assert api.staff().call(method, f"{ENDPOINTS}{number}/", {"position": 1}).status_code == 404


def test_the_list_goes_page_by_page(api: Api) -> None:
    staff = api.staff()
    made = [endpoint(staff, group="A" if number % 2 else None)["id"] for number in range(5)]
    seen, cursor = [], 0
    while cursor is not None:
        page = api.call("GET", f"{ENDPOINTS}?limit=2&cursor={cursor}").get_json()
        seen.append([item["id"] for item in page["items"]])
        cursor = page["next"]
    assert seen == [made[0:2], made[2:4], made[4:]]
    assert [item["id"] for item in api.call("GET", f"{ENDPOINTS}?group=A").get_json()["items"]] == [made[1], made[3]]


def test_a_repeated_key_makes_one_endpoint(api: Api) -> None:
    staff = api.staff()
    body, key = {"name": "Shop", "url": "/"}, {"Idempotency-Key": "k"}
    first, again = (staff.call("POST", ENDPOINTS, body, key) for _ in range(2))
    assert (first.status_code, again.status_code, first.get_json()) == (201, 201, again.get_json())
    assert api.one("SELECT count(*) FROM endpoints") == 1


@pytest.mark.parametrize("state", ["operational", "degraded", "major_outage", "unknown"])
def test_it_stands_as_it_was_found(api: Api, state: str) -> None:
    made = endpoint(api.staff())
    find(api, made["id"], state)
    assert read(api, made)["status"] == state


@pytest.mark.parametrize("field", ["valid_until", "is_enabled"])
def test_nobody_knows_how_it_stands_when_nobody_watches(api: Api, field: str) -> None:
    staff = api.staff()
    made = endpoint(staff, is_enabled=field != "is_enabled")
    find(api, made["id"], "operational", good_for="-1 second" if field == "valid_until" else "1 minute")
    assert read(api, made)["status"] == "unknown"


def test_maintenance_lies_over_what_was_found(api: Api) -> None:
    staff = api.staff()
    covered, other, disabled = endpoint(staff), endpoint(staff), endpoint(staff, is_enabled=False)
    find(api, covered["id"], "major_outage")
    find(api, other["id"], "operational")
    plan = api.one(
        "INSERT INTO maintenance (title, starts_at, ends_at, rrule) VALUES ('Work', now() - interval '7 days',"
        " now() - interval '7 days' + interval '1 hour', 'FREQ=DAILY') RETURNING id"
    )
    for made in (covered, disabled):
        api.rows("INSERT INTO maintenance_endpoints VALUES (%s, %s)", plan, made["id"])
    assert [read(api, made)["status"] for made in (covered, other, disabled)] == [
        "maintenance",
        "operational",
        "unknown",
    ]


def test_figures_are_shown_by_the_contracts_names(api: Api) -> None:
    made = endpoint(api.staff())
    find(api, made["id"], "operational")
    api.collect(
        "INSERT INTO endpoint_figures (endpoint_id, uptime_24h, uptime_7d, uptime_30d, coverage_24h, coverage_7d,"
        " response_avg_24h_ms, response_p95_24h_ms) VALUES (%s, 99.5, 98, 97, 80, 81, 20, 40)",
        made["id"],
    )
    found = read(api, made)
    assert found["uptime"] == {
        "24h": 99.5, "7d": 98.0, "30d": 97.0, "90d": None,
        "coverage": 80.0, "coverage_7d": 81.0, "coverage_30d": None, "coverage_90d": None,
    }  # fmt: skip
    assert found["response_ms"] == {"last": 12.5, "avg_24h": 20.0, "p95_24h": 40.0}
    assert found["last_checked_at"]


def test_the_newest_fifty_checks_are_shown(api: Api) -> None:
    staff = api.staff()
    made = endpoint(staff)
    api.collect(
        "INSERT INTO checks (endpoint_id, slot, outcome, started_at, duration_ms, collector, address, assertions)"
        " SELECT %s, now() - n * interval '10 minutes', 'operational', now(), n, 'c1', '127.0.0.1',"
        ' \'[{"observed": "secret"}]\''
        " FROM generate_series(1, 60) n",
        made["id"],
    )
    shown, shown_to_staff = read(api, made)["recent_checks"], read(staff, made)["recent_checks"]
    assert [check["duration_ms"] for check in shown] == list(range(1, 51))
    assert "secret" not in str(shown)
    assert shown_to_staff[0]["assertions"] == [{"observed": "secret"}]


def test_the_overview_counts_what_everybody_may_see(api: Api) -> None:
    staff = api.staff()
    empty = api.call("GET", "/health/api/overview/").get_json()
    assert empty == {
        "status": "unknown",
        "services": {"total": 0, "operational": 0},
        "incidents_open": 0,
        "updated_at": None,
    }
    well, down, hidden, disabled = (
        endpoint(staff), endpoint(staff), endpoint(staff, is_public=False), endpoint(staff, is_enabled=False)
    )  # fmt: skip
    for made, state in (
        (well, "operational"),
        (down, "major_outage"),
        (hidden, "major_outage"),
        (disabled, "operational"),
    ):
        find(api, made["id"], state)
        incident = {"title": "x", "impact": "degraded", "message": "m", "endpoints": [made["id"]]}
        assert staff.call("POST", "/health/api/incidents/", incident).status_code == 201
    found = api.call("GET", "/health/api/overview").get_json()
    assert (found["status"], found["services"]) == ("partial_outage", {"total": 2, "operational": 1})
    assert found["incidents_open"] == 3
    assert found["updated_at"]


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [({"WATCHHOUSE_DEMO": "1", "AUTH_PORT": "5050"}, True), ({"WATCHHOUSE_DEMO": "1", "PROBE_ALLOW": "none"}, False),
     ({**SECRETS, "DATABASE_URL": "postgresql://u@h/d", "AUTH_PORT": "5050"}, False),
     ({"WATCHHOUSE_DEMO": "1", "PROBE_ALLOW": "127.0.0.0/8:5050"}, True)],
    ids=["demo", "demo told otherwise", "no demo", "listed"],
)  # fmt: skip
def test_an_operator_says_what_may_be_watched_though_not_public(settings: dict[str, str], allowed: bool) -> None:
    refusal = refuse_address("http://127.0.0.1:5050/", read_settings(settings).probe_allow)
    assert (refusal is None) is allowed
    assert refuse_address("http://127.0.0.1:5432/", read_settings(settings).probe_allow)


@pytest.mark.parametrize(
    ("is_silenced", "told"), [(False, ["alerts", "changes"]), (True, [])], ids=["told", "silenced"]
)
def test_whoever_was_told_of_an_outage_hears_that_its_endpoint_is_gone(
    api: Api, is_silenced: bool, told: list[str]
) -> None:
    staff = api.staff()
    made = endpoint(staff, name="Shop")
    for kind in ("alerts", "changes", "incidents"):
        api.rows("INSERT INTO channels (name, url, shown, kinds) VALUES (%s, 'json://h', 'h', ARRAY[%s])", kind, kind)
    api.collect(
        "INSERT INTO alerts (rule, subject, endpoint_id, severity, message, is_silenced)"
        " VALUES ('down', 'endpoint:1', %s, 'critical', 'Shop is down.', %s)",
        made["id"],
        is_silenced,
    )
    assert staff.call("DELETE", f"{ENDPOINTS}{made['id']}/").status_code == 204
    news = api.rows("SELECT recipient, subject FROM outbox WHERE channel = 'notification' ORDER BY recipient")
    assert [tuple(row) for row in news] == [(kind, "Shop is no longer watched") for kind in told]
