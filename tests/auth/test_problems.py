"""Every error is a problem (RFC 9457), with its own headers; a browser gets a page."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.client import Api
from tests.support.databases import Database
from tests.support.processes import Running
from tests.support.visitor import sign_up

MEMBERS = {"type", "title", "status", "detail", "instance", "success", "message"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SECRET_WORDS = ("Traceback", "psycopg2", "SELECT", "INSERT", "sqlalchemy", ".py", "password_hash")


def post(
    api: Api, path: str, data: bytes | str, content_type: str = "application/json", **headers: str
) -> TestResponse:
    return api.client.post(path, data=data, content_type=content_type, headers=headers)


CASES: dict[int, Callable[[Api], TestResponse]] = {
    400: lambda api: post(api, "/login", "{"),
    401: lambda api: api.call("GET", "/verify"),
    403: lambda api: api.person().call("GET", "/api/v1/users/"),
    404: lambda api: api.call("GET", "/nowhere"),
    405: lambda api: api.call("PUT", "/login"),
    409: lambda api: [
        api.call("POST", "/register", {"email": "a@example.com", "password": "some words here"}) for _ in range(2)
    ][1],
    413: lambda api: post(api, "/login", b" " * (1024 * 1024 + 1)),
    415: lambda api: post(api, "/login", "{}", "text/plain"),
    422: lambda api: post(api, "/login", "{}"),
}
as_json: Callable[[Any], Any] = pytest.mark.parametrize(("status", "act"), CASES.items(), ids=map(str, CASES))


@as_json
def test_it_has_exactly_the_members_of_a_problem(api: Api, status: int, act: Callable[[Api], TestResponse]) -> None:
    answer = act(api)
    body = answer.get_json()
    assert (answer.status_code, answer.mimetype, body["status"]) == (status, "application/problem+json", status)
    assert set(body) == (MEMBERS | {"errors"} if status == 422 else MEMBERS)


@as_json
def test_its_members_agree(api: Api, status: int, act: Callable[[Api], TestResponse]) -> None:
    answer = act(api)
    body = answer.get_json()
    assert body["success"] is False
    assert body["type"] == "about:blank"
    assert body["message"] == body["detail"] != ""
    assert body["instance"] == answer.headers["X-Request-ID"]


@as_json
def test_it_shows_nothing_of_the_inside(api: Api, status: int, act: Callable[[Api], TestResponse]) -> None:
    text = act(api).text
    assert [word for word in SECRET_WORDS if word in text] == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/verify", 401),
        ("PUT", "/login", 405),
        ("GET", "/api/v1/users/", 401),
        ("POST", "/login", 415),
    ],
)
def test_a_browser_gets_a_page(api: Api, method: str, path: str, status: int) -> None:
    answer = api.call(method, path, headers={"Accept": BROWSER})
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert str(status) in answer.text


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "",
        "application/json",
        "application/problem+json",
        "application/json, text/html",
        "text/plain",
        "image/*",
        "text/html;q=0.1, application/json",
        ";;;",
        "text/html;q=abc,application/json",
        "a" * 4000,
        "/",
        ",",
        "text/*;q=-1",
    ],
    ids=lambda accept: accept[:30] or "empty",
)
def test_whoever_does_not_prefer_html_gets_json(api: Api, accept: str) -> None:
    answer = api.call("GET", "/nowhere", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("accept", ["application/json", BROWSER], ids=["json", "html"])
def test_401_says_how_to_sign_in(api: Api, accept: str) -> None:
    answer = api.call("GET", "/verify", headers={"Accept": accept})
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="watchhouse"'


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/login", "GET", {"POST", "OPTIONS"}),
        ("/verify", "DELETE", {"GET", "HEAD", "OPTIONS"}),
        ("/api/v1/auth/me/", "PUT", {"GET", "HEAD", "PATCH", "OPTIONS"}),
        ("/actions/delete", "POST", {"DELETE", "OPTIONS"}),
        ("/openapi.json", "BREW", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_405_says_what_is_allowed(api: Api, path: str, method: str, allowed: set[str]) -> None:
    answer = api.call(method, path)
    assert (answer.status_code, set(answer.allow)) == (405, allowed)


@pytest.mark.parametrize("path", ["/verify", "/api/v1/users/", "/actions/read", "/actions/read?limit=1"])
@pytest.mark.parametrize(
    "credentials",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer é",
        "Bearer " + "a" * 9000,
        "bearer \t",
        "Token abc",
        "Bearer null",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
    ],
    ids=lambda text: text[:20] or "empty",
)
def test_odd_credentials_are_401(api: Api, credentials: str, path: str) -> None:
    answer = api.call("GET", path, headers={"Authorization": credentials})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


@pytest.mark.parametrize("accept", ["application/json", BROWSER], ids=["json", "html"])
def test_a_fault_of_ours_is_a_500_that_is_logged_and_tells_nothing(
    database: Database, make_auth: Callable[..., Running], accept: str
) -> None:
    auth = make_auth(AUTH_WORKERS="1")
    anna = sign_up(auth.url)
    database.rows("ALTER TABLE resources RENAME COLUMN purpose TO elsewhere")
    answer = anna.call("POST", "/actions/create", {"name": "n"}, {"Accept": accept, "X-Request-ID": "find-me"})
    assert (answer.status_code, answer.headers["X-Request-ID"]) == (500, "find-me")
    assert [word for word in (*SECRET_WORDS, "purpose") if word in answer.text] == []
    [logged] = [line for line in auth.output().splitlines() if "request_failed" in line]
    assert "find-me" in logged
    assert "UndefinedColumn" in logged
