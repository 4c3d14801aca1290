"""/admin/health/endpoints/: what is watched, by forms; the same rules as the API's."""

import json
import re
from typing import Any

import pytest

from tests.auth.staff_pages import Desk
from tests.support.client import Api

HERE = "/admin/health/endpoints/"
NEW = HERE + "new/"


@pytest.fixture
def desk(api: Api) -> Desk:
    return Desk(api)


def add(desk: Desk, **fields: Any) -> int:
    """The id of a new endpoint."""
    desk.change(NEW, **{"name": "Shop", "url": "/health/", **fields})
    return int(desk.api.one("SELECT max(id) FROM endpoints"))


def stored(desk: Desk, endpoint_id: int) -> dict[str, Any]:
    """The endpoint as the table has it."""
    found: dict[str, Any] = desk.api.one("SELECT to_jsonb(e) FROM endpoints e WHERE id = %s", endpoint_id)
    return found


def test_an_endpoint_is_added_with_all_that_can_be_said(desk: Desk) -> None:
    parent = add(desk, name="Parent")
    endpoint_id = add(
        desk,
        name="Shop <b>",
        url="https://shop.example/health",
        method="POST",
        headers="X-Key: secret\nAccept: text/html, */*",
        body='{"a": 1}\n',
        interval_seconds="30",
        timeout_seconds="5",
        retries="1",
        expected_status="200, 301 4xx",
        degraded_after_ms="250",
        assertion_choice=["json_equals", "header_contains", "latency", ""],
        assertion_of=["$.status", "content-type", "ignored", ""],
        assertion_value=["ok", "json", "500", ""],
        group="Shops",
        parent_id=str(parent),
        position="-3",
        is_public=[],
    )
    row = stored(desk, endpoint_id)
    assert row["headers"] == {"X-Key": "secret", "Accept": "text/html, */*"}
    assert (row["body"], row["method"], row["expected_status"]) == ('{"a": 1}\n', "POST", ["200", "301", "4xx"])
    assert row["assertions"] == [
        {"kind": "json", "path": "$.status", "equals": "ok"},
        {"kind": "header", "name": "content-type", "contains": "json"},
        {"kind": "latency", "at_most_ms": 500},
    ]
    assert (row["interval_seconds"], row["timeout_seconds"], row["retries"]) == (30, 5, 1)
    assert (row["degraded_after_ms"], row["group_name"], row["position"]) == (250, "Shops", -3)
    assert (row["parent_id"], row["is_enabled"], row["is_public"]) == (parent, True, False)
    page = desk.see(f"{HERE}{endpoint_id}/")
    assert "Shop &lt;b&gt;" in page
    assert "JSON at path $.status equals: ok" in page


def test_a_form_sent_back_as_it_came_changes_nothing(desk: Desk) -> None:
    endpoint_id = add(
        desk,
        method="PUT",
        headers="X-Key: secret",
        body="a\nb",
        assertion_choice=["json_equals", "body_matches"],
        assertion_of=["$.n", ""],
        assertion_value=['"5"', "^ok"],
    )
    before = stored(desk, endpoint_id)
    desk.change(f"{HERE}{endpoint_id}/edit/")
    after = stored(desk, endpoint_id)
    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    assert before["assertions"][0] == {"kind": "json", "path": "$.n", "equals": "5"}
    assert desk.audited()[0] == "endpoint.created"


def test_no_outage_is_rounded_away(desk: Desk) -> None:
    endpoint_id = add(desk)
    desk.api.collect(
        "INSERT INTO endpoint_figures (endpoint_id, uptime_24h, coverage_24h, days, measured_at)"
        " VALUES (%s, 99.9997, 99.99, 'o', now())",
        endpoint_id,
    )
    for path in (HERE, f"{HERE}{endpoint_id}/"):
        page = desk.see(path)
        assert ("99.99 %" in page, re.search(r"100(\.\d+)? %", page)) == (True, None), path


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"name": ""}, "at least 1 character", id="no name"),
        pytest.param({"url": "http://127.0.0.1/"}, "its address is loopback", id="loopback"),
        pytest.param({"url": "http://2130706433/"}, "its address is loopback", id="loopback as a number"),
        pytest.param({"url": "ftp://shop.example/"}, "should match pattern", id="no http"),
        pytest.param({"interval_seconds": "4"}, "greater than or equal to 5", id="too often"),
        pytest.param({"interval_seconds": "soon"}, "valid integer", id="no number"),
        pytest.param({"expected_status": "ok"}, "should match pattern", id="no status"),
        pytest.param({"headers": "Host: evil"}, "is set by the probe itself", id="our header"),
        pytest.param({"headers": "bad header: 1"}, "should match pattern", id="no header name"),
        pytest.param({"body": "x"}, "cannot be sent with GET", id="body with GET"),
        pytest.param({"parent_id": "4711"}, "endpoint", id="unknown parent"),
        pytest.param(
            {"assertion_choice": ["body_matches"], "assertion_of": [""], "assertion_value": ["("]},
            "is no pattern",
            id="no pattern",
        ),
        pytest.param(
            {"assertion_choice": ["latency"], "assertion_of": [""], "assertion_value": ["fast"]},
            "valid integer",
            id="no milliseconds",
        ),
        pytest.param(
            {"assertion_choice": ["made_up"], "assertion_of": [""], "assertion_value": ["x"]},
            "does not match any of the expected tags",
            id="no such assertion",
        ),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(
    desk: Desk, fields: dict[str, Any], reason: str
) -> None:
    answer = desk.send(NEW, **{"name": "Shop", "url": "/health/", "group": "Typed", **fields})
    assert answer.status_code == 422
    assert reason in answer.text
    assert 'value="Typed"' in answer.text
    assert 'role="alert"' in answer.text
    assert desk.api.one("SELECT count(*) FROM endpoints") == 0


@pytest.mark.parametrize(
    "value",
    ["1e999", "9" * 30, '"\\ud800"', "[" * 5000, '"\\u0000"', "NaN", "-Infinity", "{}", '{"a": [1]}', "null"],
    ids=lambda value: value[:12],
)
def test_no_value_breaks_the_form(desk: Desk, value: str) -> None:
    row: Any = {"assertion_choice": ["json_equals"], "assertion_of": ["$.a"], "assertion_value": [value]}
    answer = desk.send(NEW, name="Shop", url="/health/", **row)
    assert answer.status_code in {303, 400, 422}
    if answer.status_code == 303:
        assert desk.form(f"{answer.headers['Location']}edit/").fields["assertion_value"][0] == value


def test_a_taken_name_is_a_conflict_in_words(desk: Desk) -> None:
    add(desk)
    answer = desk.send(NEW, name="Shop", url="/docs")
    assert (answer.status_code, "Shop" in answer.text) == (409, True)
    assert re.search(r"name", answer.text)
    assert desk.api.one("SELECT count(*) FROM endpoints") == 1


def test_no_endpoint_depends_on_itself_over_others(desk: Desk) -> None:
    first = add(desk, name="First")
    second = add(desk, name="Second", parent_id=str(first))
    answer = desk.send(f"{HERE}{first}/edit/", parent_id=str(second))
    assert (answer.status_code, "must not lead back" in answer.text) == (422, True)


def test_secrets_are_hidden_in_the_audit_log(desk: Desk) -> None:
    add(desk, method="POST", headers="X-Key: hunter2", body="hunter3")
    action, subject, changes = desk.audited()
    assert (action, changes["headers"][1]) == ("endpoint.created", {"X-Key": "***"})
    assert "hunter" not in json.dumps(changes)
    assert "hunter" not in desk.see("/admin/audit/")
    assert subject


def test_it_is_disabled_and_enabled_with_a_button(desk: Desk) -> None:
    endpoint_id = add(desk)
    page = f"{HERE}{endpoint_id}/"
    assert "no longer watched" in desk.change(page, page + "switch/")
    assert stored(desk, endpoint_id)["is_enabled"] is False
    assert "Disabled" in desk.see(page)
    assert "watched again" in desk.change(page, page + "switch/")
    assert stored(desk, endpoint_id)["is_enabled"] is True


def test_it_is_deleted_only_after_a_question(desk: Desk) -> None:
    endpoint_id = add(desk)
    assert "Its history" in desk.see(f"{HERE}{endpoint_id}/delete/")
    assert desk.api.one("SELECT count(*) FROM endpoints") == 1
    assert "Shop is deleted" in desk.change(f"{HERE}{endpoint_id}/delete/")
    assert desk.api.one("SELECT count(*) FROM endpoints") == 0
    assert desk.audited()[0] == "endpoint.deleted"


def test_check_now_says_when_there_is_no_collector(desk: Desk) -> None:
    endpoint_id = add(desk)
    page = f"{HERE}{endpoint_id}/"
    answer = desk.send(page, page + "check/")
    assert (answer.status_code, "No collector is running" in answer.text) == (503, True)
    assert "<h1>Shop</h1>" in answer.text


def test_the_list_is_narrowed_and_paged(desk: Desk) -> None:
    for name, group in [("Alpha", "One"), ("Beta", "Two"), ("Gamma", "Two")]:
        add(desk, name=name, group=group)
    assert "Alpha" not in desk.see(HERE + "?group=Two&q=")
    assert "Beta" not in desk.see(HERE + "?q=gam")
    first = desk.see(HERE + "?group=Two&limit=1")
    following = re.search(r'rel="next" href="(\?[^"]+)"', first)
    assert following
    assert ("Beta" in first, "Gamma" in first) == (True, False)
    second = desk.see(HERE + following[1].replace("&amp;", "&"))
    assert ("Beta" in second, "Gamma" in second, "First page" in second) == (False, True, True)


def test_a_change_of_what_is_gone_is_not_found(desk: Desk) -> None:
    endpoint_id = add(desk)
    form = desk.form(f"{HERE}{endpoint_id}/edit/")
    desk.api.rows("DELETE FROM endpoints")
    answer = desk.api.client.post(form.action, data=form.fields, headers={"Accept": "text/html"})
    assert answer.status_code == 404
