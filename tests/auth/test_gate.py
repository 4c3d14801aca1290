"""What every answer has: id, time, security headers; what never reaches routing: odd methods, slashes, false hosts."""

import re

import pytest

from auth.gate import network_of
from tests.support.client import Api

PLACES = [
    "/",
    "/livez",
    "/health/",
    "/docs",
    "/openapi.json",
    "/metrics",
    "/static/house.css",
    "/static/none.css",
    "/nowhere",
    "/verify",
    "/login",
    "/admin/",
    "/admin/login/",
    "//login",
]


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "BREW"])
def test_every_answer_is_guarded(api: Api, method: str, path: str) -> None:
    headers = api.call(method, path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src '" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert re.fullmatch(r"[0-9]+\.[0-9]{3}s", headers["X-Response-Time"])
    assert re.fullmatch(r"[0-9a-f]{16}", headers["X-Request-ID"])


@pytest.mark.parametrize("path", ["/", "/docs", "/admin/login/", "/nowhere"])
def test_a_page_may_use_only_what_is_ours(api: Api, path: str) -> None:
    headers = api.call("GET", path, headers={"Accept": "text/html"}).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'; ")
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("given", ["a", "abc-123_4.5", "A" * 64])
def test_a_sane_request_id_is_kept(api: Api, given: str) -> None:
    assert api.call("GET", "/livez", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "A" * 65, "a b", "a,b", "<script>", "é", "a;b", "a\tb", "../../x", "a" * 4000])
def test_an_odd_request_id_is_replaced(api: Api, given: str) -> None:
    found = api.call("GET", "/livez", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{16}", found)


def test_each_request_has_an_id_of_its_own(api: Api) -> None:
    assert len({api.call("GET", "/livez").headers["X-Request-ID"] for _ in range(50)}) == 50


def routes_of(api: Api) -> list[tuple[str, str]]:
    paths = api.call("GET", "/openapi.json").get_json()["paths"]
    return [
        (method.upper(), path.replace("{user_id}", "00000000-0000-0000-0000-000000000000"))
        for path, methods in paths.items()
        for method in methods
    ]


@pytest.mark.parametrize("ending", ["", "/", "//"])
def test_trailing_slashes_are_optional_on_every_route(api: Api, ending: str) -> None:
    """The same status with and without, whatever it is; a browser is not sent elsewhere."""
    differing = {
        (method, path): (plain, slashed)
        for method, path in routes_of(api)
        if path != "/"
        if (plain := api.call(method, path).status_code)
        != (slashed := api.call(method, path.rstrip("/") + ending).status_code)
    }
    assert differing == {}
    assert len(routes_of(api)) > 25


@pytest.mark.parametrize("ending", ["", "/", "///"])
def test_a_call_works_with_and_without_a_slash(api: Api, ending: str) -> None:
    anna = api.person()
    assert anna.call("POST", "/actions/create" + ending, {"name": "n"}).status_code == 201
    assert anna.call("GET", "/actions/read" + ending + "?limit=1").status_code == 200
    assert anna.call("GET", "/api/v1/auth/me" + ending).status_code == 200


@pytest.mark.parametrize("method", ["BREW", "OTHER", "get", "PROPFIND", "TRACE", "CONNECT", "A" * 20, "X-Y"])
def test_an_invented_method_is_405_on_a_path_and_404_beside(api: Api, method: str) -> None:
    assert api.call(method, "/verify").status_code == 405
    assert api.call(method, "/nowhere").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/%00",
        "/verify%00",
        "/static/%00",
        "/static/../auth/app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/" + "a" * 5000,
        "/api/v1/users/x",
        "/api/v1/users/%00",
        "/api/v1/users/" + "9" * 5000,
        "/" + "a/" * 2000,
        "/%ff",
        "/%ED%A0%80",
        "/.env",
        "/verify;a=b",
        "/verify%2f",
        "/actions/read%3Flimit=1",
    ],
    ids=lambda path: path[:30],
)
def test_an_odd_path_is_not_found(api: Api, path: str) -> None:
    answer = api.person().call("GET", path)
    assert answer.status_code == (200 if path == "/verify%2f" else 404), answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "::ffff:c000:207"),
        ("unknown", "unknown"),
    ],
)
def test_the_addresses_of_one_client_count_as_one(address: str, client: str) -> None:
    assert network_of(address) == client
