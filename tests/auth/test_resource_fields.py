"""POST /actions/create and /actions/update: what each field of a resource may hold."""

from typing import Any

import pytest

from tests.support.client import Api

FULL = {
    "name": "On time",
    "author": "Ada",
    "annotation": "About clocks",
    "kind": "book",
    "purpose": "reading",
    "open_date": "2026-01-01",
    "expiry_date": "2026-12-31",
    "usage_conditions": "Bring it back",
    "url": "https://example.com/clocks?x=1#top",
}
RIGHT: dict[str, dict[str, Any]] = {
    "only a name": {"name": "a"},
    "longest name": {"name": "n" * 200},
    "longest name beyond the BMP": {"name": "😀" * 200},
    "longest author": {"name": "n", "author": "a" * 200},
    "longest kind": {"name": "n", "kind": "k" * 100},
    "longest annotation": {"name": "n", "annotation": "a" * 10_000},
    "longest purpose": {"name": "n", "purpose": "a" * 10_000},
    "longest conditions": {"name": "n", "usage_conditions": "a" * 10_000},
    "longest url": {"name": "n", "url": "https://example.com/" + "u" * 2028},
    "one day": {"name": "n", "open_date": "2026-02-28", "expiry_date": "2026-02-28"},
    "leap day": {"name": "n", "open_date": "2028-02-29"},
    "first and last day": {"name": "n", "open_date": "0001-01-01", "expiry_date": "9999-12-31"},
    "only an expiry": {"name": "n", "expiry_date": "1999-01-01"},
    "nulls": {"name": "n", "author": None, "open_date": None, "url": None},
    "http": {"name": "n", "url": "http://example.com"},
    "letters of a scheme": {"name": "n", "url": "HTTPS://example.com"},
    "ipv6": {"name": "n", "url": "http://[::1]:8080/x"},
    "quotes, html and sql": {"name": "'; DROP TABLE resources; --<script>\"\\", "kind": "%_\\"},
    "an escaped backslash before u0000": {"name": "\\u0000"},
    "right to left": {"name": "\u202eabc\u200b"},
}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({}, "name"),
    "empty name": ({"name": ""}, "name"),
    "null name": ({"name": None}, "name"),
    "long name": ({"name": "n" * 201}, "name"),
    "100 kB name": ({"name": "n" * 100_000}, "name"),
    "200 kB name": ({"name": "n" * 200_000}, "name"),
    "number for a name": ({"name": 5}, "name"),
    "list for a name": ({"name": ["n"]}, "name"),
    "object for a name": ({"name": {"n": 1}}, "name"),
    "NUL in the name": ({"name": "a\0b"}, "name"),
    "NUL in the annotation": ({"name": "n", "annotation": "\0"}, "annotation"),
    "NUL in the url": ({"name": "n", "url": "https://a\0b"}, "url"),
    "long author": ({"name": "n", "author": "a" * 201}, "author"),
    "long kind": ({"name": "n", "kind": "k" * 101}, "kind"),
    "long annotation": ({"name": "n", "annotation": "a" * 10_001}, "annotation"),
    "long purpose": ({"name": "n", "purpose": "a" * 10_001}, "purpose"),
    "long conditions": ({"name": "n", "usage_conditions": "a" * 10_001}, "usage_conditions"),
    "a boolean for a kind": ({"name": "n", "kind": True}, "kind"),
    "expiry before opening": ({"name": "n", "open_date": "2026-02-02", "expiry_date": "2026-02-01"}, "expiry_date"),
    "no such day": ({"name": "n", "open_date": "2026-02-29"}, "open_date"),
    "no such month": ({"name": "n", "open_date": "2026-13-01"}, "open_date"),
    "year 0": ({"name": "n", "open_date": "0000-01-01"}, "open_date"),
    "year 10000": ({"name": "n", "open_date": "10000-01-01"}, "open_date"),
    "a moment for a day": ({"name": "n", "open_date": "2026-01-01T00:00:00"}, "open_date"),
    "a moment with a zone for a day": ({"name": "n", "open_date": "2026-01-01T00:00:00Z"}, "open_date"),
    "seconds for a day": ({"name": "n", "open_date": 1_700_000_000}, "open_date"),
    "seconds as text for a day": ({"name": "n", "open_date": "1700000000"}, "open_date"),
    "midnight's seconds as text for a day": ({"name": "n", "open_date": "1767225600"}, "open_date"),
    "words for a day": ({"name": "n", "open_date": "tomorrow"}, "open_date"),
    "day first": ({"name": "n", "expiry_date": "01.02.2026"}, "expiry_date"),
    "empty day": ({"name": "n", "expiry_date": ""}, "expiry_date"),
    "spaces round a day": ({"name": "n", "expiry_date": " 2026-01-01 "}, "expiry_date"),
    "javascript": ({"name": "n", "url": "javascript:alert(1)"}, "url"),
    "javascript in disguise": ({"name": "n", "url": "javascript://example.com/%0aalert(1)"}, "url"),
    "data": ({"name": "n", "url": "data:text/html,hi"}, "url"),
    "ftp": ({"name": "n", "url": "ftp://example.com"}, "url"),
    "no scheme": ({"name": "n", "url": "example.com"}, "url"),
    "no host": ({"name": "n", "url": "https://"}, "url"),
    "no host but a path": ({"name": "n", "url": "https:///etc/passwd"}, "url"),
    "no host but a query": ({"name": "n", "url": "https://?a=b"}, "url"),
    "a space before": ({"name": "n", "url": " https://example.com"}, "url"),
    "a line end": ({"name": "n", "url": "https://example.com/\nX: y"}, "url"),
    "no such port": ({"name": "n", "url": "https://example.com:99999/"}, "url"),
    "a bell": ({"name": "n", "url": "https://example.com/\a"}, "url"),
    "no such IPv6": ({"name": "n", "url": "http://[::1/"}, "url"),
    "long url": ({"name": "n", "url": "https://example.com/" + "u" * 2029}, "url"),
    "an unknown field": ({"name": "n", "colour": "red"}, "colour"),
    "another's id as owner": ({"name": "n", "owner_id": "00000000-0000-0000-0000-000000000000"}, "owner_id"),
    "an id of one's own": ({"name": "n", "id": 5}, "id"),
    "is_staff": ({"name": "n", "is_staff": True}, "is_staff"),
    "role": ({"name": "n", "role": "admin"}, "role"),
}


@pytest.mark.parametrize("body", RIGHT.values(), ids=RIGHT)
def test_it_stores_what_is_right(api: Api, body: dict[str, Any]) -> None:
    anna = api.person()
    answer = anna.call("POST", "/actions/create", body)
    assert answer.status_code == 201, answer.text
    [shown] = anna.call("GET", f"/actions/read?limit=1&id={answer.get_json()['id']}").get_json()["data"]
    assert {name: shown[name] for name in body} == body


def test_it_answers_with_the_id_and_nothing_else(api: Api) -> None:
    answer = api.person().call("POST", "/actions/create", {"name": "n"})
    made = api.one("SELECT max(id) FROM resources")
    assert answer.get_json() == {"message": "Resource created successfully", "id": made}


def test_it_shows_every_field(api: Api) -> None:
    anna = api.person()
    made = anna.call("POST", "/actions/create", FULL).get_json()["id"]
    [shown] = anna.call("GET", f"/actions/read?id={made}").get_json()["data"]
    assert shown.items() >= {**FULL, "id": made, "owner_id": anna.id}.items()
    assert set(shown) == {*FULL, "id", "owner_id", "created_at", "updated_at"}


@pytest.mark.parametrize(("body", "field"), WRONG.values(), ids=WRONG)
def test_it_names_the_field_that_is_wrong(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api.person().call("POST", "/actions/create", body)
    assert answer.status_code == 422, answer.text
    assert list(answer.get_json()["errors"]) == [field]
    assert api.one("SELECT count(*) FROM resources") == 0


def test_it_names_every_wrong_field_at_once(api: Api) -> None:
    body = {"name": "", "kind": 1, "open_date": "x", "url": "y", "more": 0}
    answer = api.person().call("POST", "/actions/create", body)
    assert set(answer.get_json()["errors"]) == set(body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({**body, "id": 1}, field, id=name)
        for name, (body, field) in WRONG.items()
        if field not in ("id",) and name != "no name"
    ],
)
def test_it_refuses_the_same_in_a_change(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api.person().call("POST", "/actions/update", body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


@pytest.mark.parametrize(
    "wrong",
    [
        '"1"',
        "1.0",
        "1.5",
        "1e3",
        "true",
        "null",
        "[]",
        "{}",
        "0",
        "-1",
        str(2**63),
        "1" + "0" * 4000,
        "NaN",
        "-Infinity",
    ],
    ids=lambda raw: raw[:20],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/actions/update"), ("DELETE", "/actions/delete")])
def test_it_refuses_what_is_no_id(api: Api, method: str, path: str, wrong: str) -> None:
    answer = api.client.open(
        path, method=method, data=f'{{"id": {wrong}}}', content_type="application/json", headers=api.person().bearer
    )
    assert answer.status_code == 422, answer.text
    assert list(answer.get_json()["errors"]) == ["id"]
