"""Bodies that are no JSON, not the JSON that was asked for, or JSON made to hurt."""

import json
import re
from uuid import uuid4

import pytest

from tests.support.client import Api
from tests.support.locks import claim

ARGUMENT = re.compile(r"{(\w+)}")
UUIDS = {"device_id", "share_id", "user_id"}

NO_JSON: dict[str, bytes] = {
    "nothing": b"",
    "an open brace": b"{",
    "half a name": b'{"name',
    "a word": b"name=n",
    "a comma": b'{"name":"n",}',
    "single quotes": b"{'name':'n'}",
    "NUL": b'{"name":"a\0b"}',
    "NULs": b"\0" * 100,
    "a byte order mark": b'\xef\xbb\xbf{"name":"n"}',
    "gzip": b"\x1f\x8b\x08\x00",
    "binary": bytes(range(256)),
    "Latin-1": '{"name":"é"}'.encode("latin-1"),
    "UTF-16": '{"name":"n"}'.encode("utf-16"),
    "half a pair": b'{"name":"\\ud800"}',
    "half a pair in a field's name": b'{"\\ud800":"n"}',
    "two values": b'{"name":"n"} {"name":"n"}',
    "an endless number": b'{"name":"n","x":1' + b"0" * 500_000 + b"}",
    "100,000 lists": b"[" * 100_000,
    "100,000 closed lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "100,000 lists in a name": b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100,000 lists in an unknown field": b'{"name":"n","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}
NO_OBJECT: dict[str, bytes] = {
    "null": b"null",
    "a list": b'[{"name":"n"}]',
    "text": b'"name"',
    "a number": b"5",
    "true": b"true",
    "a list of lists": b"[[[[]]]]",
    "not a number": b"NaN",
}
WRONG_TYPES = [
    "",
    "text/plain",
    "text/json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "nonsense",
    "multipart/form-data; boundary=x",
    "application/problem+json",
    "application/json+x",
    "application/jsonx",
    "a" * 1000,
    ";",
    "application/",
]


@pytest.mark.parametrize("data", NO_JSON.values(), ids=NO_JSON)
@pytest.mark.parametrize("path", ["/actions/create", "/login"])
def test_what_is_no_json_is_400(api: Api, path: str, data: bytes) -> None:
    answer = api.client.post(path, data=data, content_type="application/json", headers=api.person().bearer)
    assert (answer.status_code, answer.get_json()["detail"]) == (400, "The body is not valid JSON")


@pytest.mark.parametrize("data", NO_OBJECT.values(), ids=NO_OBJECT)
def test_what_is_no_object_is_a_fault_of_the_body(api: Api, data: bytes) -> None:
    answer = api.client.post("/actions/create", data=data, content_type="application/json", headers=api.person().bearer)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["body"])


@pytest.mark.parametrize("content_type", WRONG_TYPES, ids=lambda text: text[:40] or "none")
def test_another_content_type_is_415(api: Api, content_type: str) -> None:
    answer = api.client.post(
        "/actions/create", data=b'{"name":"n"}', content_type=content_type, headers=api.person().bearer
    )
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;x=y"]
)
def test_json_by_any_spelling_is_taken(api: Api, content_type: str) -> None:
    answer = api.client.post(
        "/actions/create", data=b'{"name":"n"}', content_type=content_type, headers=api.person().bearer
    )
    assert answer.status_code == 201


def test_the_reasons_are_bounded(api: Api) -> None:
    body = {"name": "n", **{f"field {number} {'x' * 300}": 1 for number in range(2000)}}
    answer = api.person().call("POST", "/actions/create", body)
    assert answer.status_code == 422
    assert len(answer.data) < 20_000


def test_the_values_are_not_told_again(api: Api) -> None:
    answer = api.call("POST", "/login", {"email": ["a-secret-value"], "password": {"x": "a-secret-value"}})
    assert answer.status_code == 422
    assert "a-secret-value" not in answer.text


@pytest.mark.parametrize("name", ["a\0b", "<b>", "\u202e", "é" * 500, "", "__class__", "a.b.c"], ids=ascii)
def test_an_odd_field_is_named_in_json_that_can_be_read(api: Api, name: str) -> None:
    answer = api.person().call("POST", "/actions/create", {"name": "n", name: 1})
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"].values()) == [["is not a field of this request"]]


def test_of_a_field_that_comes_twice_the_last_counts_for_all_checks(api: Api) -> None:
    anna = api.person()
    for data, status in ((b'{"name":"ok","name":"\\u0000"}', 422), (b'{"name":"\\u0000","name":"ok"}', 201)):
        answer = api.client.post("/actions/create", data=data, content_type="application/json", headers=anna.bearer)
        assert answer.status_code == status
    assert api.rows("SELECT name FROM resources") == [("ok",)]


@pytest.mark.parametrize("path", ["/livez", "/health/", "/openapi.json", "/", "/docs", "/metrics", "/verify"])
def test_a_body_or_query_where_none_is_wanted_does_no_harm(api: Api, path: str) -> None:
    answer = api.client.open(
        path + "?a=%00&a=b&" + "c" * 1000,
        method="GET",
        data=b"\0[[[" * 1000,
        content_type="application/json",
        headers=api.person().bearer,
    )
    assert answer.status_code == 200


def test_a_long_list_of_ids_is_no_id(api: Api) -> None:
    answer = api.person().call("DELETE", "/actions/delete", {"id": list(range(10_000))})
    assert (answer.status_code, json.loads(answer.data)["errors"]) == (422, {"id": ["Input should be a valid integer"]})


def test_a_crowd_of_unknown_fields_is_not_named_one_by_one(api: Api) -> None:
    answer = api.call("POST", "/register", {f"field-{number}": 1 for number in range(50_000)})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["body"])


def bodiless(api: Api) -> list[tuple[str, str]]:
    """All that changes something and takes no body, with arguments that are the name of nothing."""
    paths = api.call("GET", "/openapi.json").get_json()["paths"]
    return [
        (method.upper(), ARGUMENT.sub(lambda found: str(uuid4()) if found[1] in UUIDS else "999999999", path))
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method != "get" and "requestBody" not in operation
    ]


def test_where_no_body_is_taken_none_with_a_field_is(api: Api) -> None:
    admin, taken = api.admin(), []
    asked = bodiless(api)
    for method, path in asked:
        answer = admin.call(method, path, {"wait": 10})
        if (answer.status_code, answer.get_json().get("errors")) != (422, {"wait": ["is not a field of this request"]}):
            taken.append((method, path, answer.status_code))
    assert (taken, len(asked) > 10) == ([], True)


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"", None, 204),
        (b"", "text/plain", 204),
        (b"{}", "application/json", 204),
        (b"{", "application/json", 400),
        (b"null", "application/json", 422),
        (b"a=1", "application/x-www-form-urlencoded", 415),
    ],
)
def test_an_empty_object_is_no_body(api: Api, data: bytes, content_type: str | None, status: int) -> None:
    anna = api.person()
    path = f"/api/v1/devices/{claim(anna)['id']}/"
    answer = api.client.delete(path, data=data, content_type=content_type, headers=anna.bearer)
    assert answer.status_code == status
    assert anna.call("GET", path).status_code == (404 if status == 204 else 200)
