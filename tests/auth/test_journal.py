"""Every request is one line of the journal, and a line says what it should and nothing else."""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
from werkzeug.test import TestResponse, create_environ
from werkzeug.wsgi import FileWrapper

from auth.gate import REQUEST_ID
from common.probe_mark import HEADER, sign
from tests.auth.journal_lines import Line, bytes_in, folder_of, lines_in
from tests.support.client import PASSWORD, Api, Person

_numbers = itertools.count(1)

Ask = Callable[..., TestResponse]


def line_of(api: Api, answer: TestResponse) -> Line:
    """The one line of the request that was answered so."""
    request_id = answer.headers.get("X-Request-ID") or answer.request.environ[REQUEST_ID]
    [line] = lines_in(folder_of(api.client), request_id)
    return line


def test_a_request_is_one_line_with_all_that_is_known_of_it(api: Api) -> None:
    anna = api.person()
    body = f'{{"email": "{anna.email}", "password": "{PASSWORD}"}}'
    before = time.time_ns() // 1000
    answer = api.client.post(
        "/login?page=2",
        data=body,
        content_type="application/json",
        headers={"X-Request-ID": f"mine-{next(_numbers)}", "User-Agent": "Opera/1.0"},
    )
    after = time.time_ns() // 1000
    line = line_of(api, answer)
    at, took, number = line.pop("at"), line.pop("duration_us"), line.pop("id")
    assert line == {
        "endpoint": "/login",
        "method": "POST",
        "status": "200",
        "request_bytes": str(len(body)),
        "response_bytes": str(len(answer.data)),
        "is_probe": "f",
        "user_id": anna.id,
        "ip_address": "127.0.0.1",
        "user_agent": "Opera/1.0",
        "request_id": answer.headers["X-Request-ID"],
        "problem_title": None,
        "problem_detail": None,
    }
    moment = int(str(number)) // 1024
    assert before <= moment <= after
    assert datetime.fromisoformat(str(at)) == datetime.fromtimestamp(moment // 1_000_000, UTC).replace(
        microsecond=moment % 1_000_000
    )
    assert 0 < int(str(took)) <= after - before


CASES: list[tuple[str, str, dict[str, Any] | None, tuple[str, str, str, str | None, str | None]]] = [
    ("GET", "/livez", None, ("/livez", "GET", "200", None, None)),
    ("GET", "/livez///", None, ("/livez", "GET", "200", None, None)),
    ("OPTIONS", "/livez", None, ("/livez", "OPTIONS", "200", None, None)),
    ("GET", "/health/status-page", None, ("/health/status-page/", "GET", "200", None, None)),
    ("GET", "/admin/", None, ("/admin/", "GET", "303", None, None)),
    ("GET", "/nowhere/at/all", None, ("unmatched", "GET", "404", "Not Found", "There is nothing at this address")),
    ("BREW", "/nowhere", None, ("unmatched", "OTHER", "404", "Not Found", "There is nothing at this address")),
    (
        "DELETE",
        "/livez",
        None,
        ("unmatched", "DELETE", "405", "Method Not Allowed", "This address does not know that method"),
    ),
    ("GET", "/verify", None, ("/verify", "GET", "401", "Unauthorized", "A valid token is needed")),
    ("POST", "/login", {"email": 1}, ("/login", "POST", "422", HTTPStatus(422).phrase, "Some fields are not right")),
    (
        "GET",
        "/health/badge/77.svg",
        None,
        ("/health/badge/<key:endpoint_id>.svg", "GET", "404", "Not Found", "There is no public service of this number"),
    ),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"), CASES, ids=[f"{method} {path}" for method, path, *_ in CASES]
)
def test_a_route_is_written_as_the_contract_spells_it_and_a_problem_with_its_words(
    api: Api, method: str, path: str, body: Any, expected: tuple[str | None, ...]
) -> None:
    line = line_of(api, api.call(method, path, body))
    columns = ("endpoint", "method", "status", "problem_title", "problem_detail")
    assert tuple(line[column] for column in columns) == expected


def test_what_fails_is_a_line_as_well(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down() -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(api.client.application.view_functions, "GET /livez", break_down)
    line = line_of(api, api.call("GET", "/livez"))
    assert (line["endpoint"], line["status"], line["problem_title"]) == ("/livez", "500", "Internal Server Error")
    assert line["problem_detail"] == "Something went wrong here; it has been logged under the request id"


def test_an_application_that_raises_is_a_500_and_still_raises(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(_: Exception) -> None:
        raise ZeroDivisionError

    app = api.client.application
    request_id = f"raises-{next(_numbers)}"
    monkeypatch.setattr(app, "make_response", give_up)
    monkeypatch.setattr(app, "handle_exception", give_up)
    with pytest.raises(ZeroDivisionError):
        api.call("GET", "/livez", headers={"X-Request-ID": request_id})
    [line] = lines_in(folder_of(api.client), request_id)
    assert (line["status"], line["response_bytes"]) == ("500", "0")


@pytest.mark.parametrize("path", ["/livez", "/nowhere", "/openapi.json", "/actions/read"])
def test_head_sends_no_bytes(api: Api, path: str) -> None:
    answer = api.person().call("HEAD", path)
    line = line_of(api, answer)
    assert (line["method"], line["response_bytes"], line["status"]) == ("HEAD", "0", str(answer.status_code))


def test_an_answer_without_a_body_has_no_bytes(api: Api) -> None:
    page = api.call("GET", "/health/status-page/")
    answer = api.call("GET", "/health/status-page/", headers={"If-None-Match": page.headers["ETag"]})
    line = line_of(api, answer)
    assert (line["status"], line["response_bytes"]) == ("304", "0")


@pytest.mark.parametrize("path", ["/static/house.css", "/static/none.css", "/metrics"])
def test_files_and_scrapes_are_not_written_down(api: Api, path: str) -> None:
    answer = api.call("GET", path)
    assert answer.headers["X-Request-ID"]
    assert lines_in(folder_of(api.client), answer.headers["X-Request-ID"]) == []


def test_a_streamed_answer_is_one_line_with_all_its_bytes(api: Api) -> None:
    anna = api.person()
    for number in range(3):
        anna.call("POST", "/actions/create", {"name": f"Drill {number}"})
    answer = anna.call("GET", "/actions/read")
    assert "Content-Length" not in answer.headers
    size = len(answer.data)
    answer.close()  # as every server does, also after the end
    line = line_of(api, answer)
    assert (line["endpoint"], line["status"], line["response_bytes"]) == ("/actions/read", "200", str(size))


def test_an_answer_of_known_length_is_written_down_before_its_body_goes_out(api: Api) -> None:
    request_id = f"known-{next(_numbers)}"
    answer = api.client.get("/livez", headers={"X-Request-ID": request_id}, buffered=False)
    [line] = lines_in(folder_of(api.client), request_id)
    assert line["response_bytes"] == str(len(answer.data))


def test_a_file_reaches_the_server_as_a_file(api: Api) -> None:
    environ = create_environ("/static/house.css")
    environ["wsgi.file_wrapper"] = FileWrapper
    start: Any = lambda *_: None  # noqa: E731  # what the server does with the head is of no interest
    body = api.client.application.wsgi_app(environ, start)
    assert isinstance(body, FileWrapper)
    body.close()


def stream(api: Api, anna: Person) -> tuple[str, TestResponse]:
    request_id = f"stream-{next(_numbers)}"
    headers = {**anna.bearer, "X-Request-ID": request_id}
    return request_id, api.client.get("/actions/read", headers=headers, buffered=False)


def test_a_streamed_answer_is_written_down_at_its_end_or_when_its_client_goes(api: Api) -> None:
    request_id, answer = stream(api, api.person())
    first = next(answer.iter_encoded())
    assert lines_in(folder_of(api.client), request_id) == []
    answer.close()
    [line] = lines_in(folder_of(api.client), request_id)
    assert line["response_bytes"] == str(len(first))


def test_a_stream_that_breaks_is_written_down_with_what_was_sent(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off() -> Any:
        yield b"four"
        raise ZeroDivisionError

    monkeypatch.setitem(
        api.client.application.view_functions,
        "GET /livez",
        lambda: api.client.application.response_class(break_off(), mimetype="text/plain"),
    )
    request_id = f"breaks-{next(_numbers)}"
    answer = api.call("GET", "/livez", headers={"X-Request-ID": request_id})
    with pytest.raises(ZeroDivisionError):
        assert answer.data
    [line] = lines_in(folder_of(api.client), request_id)
    assert (line["status"], line["response_bytes"]) == ("200", "4")


def test_whoever_shows_who_they_are_is_named(api: Api) -> None:
    anna = api.person()
    email = {"email": anna.email, "password": PASSWORD}
    signed_in = api.call("POST", "/api/v1/auth/login/", email)
    refreshed = {"refresh": signed_in.get_json()["data"]["tokens"]["refresh"]}
    answers = {
        "bearer": anna.call("GET", "/api/v1/auth/me/"),
        "token": anna.call("GET", "/actions/read?limit=1"),
        "refused": anna.call("GET", "/api/v1/users/"),
        "login": api.call("POST", "/login", email),
        "signed in": signed_in,
        "refresh": api.call("POST", "/api/v1/auth/token/refresh/", refreshed),
        "wrong": api.call("POST", "/login", {**email, "password": "some other words"}),
        "nobody": api.call("GET", "/livez"),
    }
    named = {what: line_of(api, answer)["user_id"] == anna.id for what, answer in answers.items()}
    assert named == {what: what not in ("wrong", "nobody") for what in answers}
    assert line_of(api, answers["wrong"])["user_id"] is None


def test_staff_is_named_by_its_cookie_and_when_it_signs_in(api: Api) -> None:
    staff = api.staff()
    page = api.call("GET", "/admin/login/").text
    csrf = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"username": staff.email, "password": PASSWORD, "csrf_token": csrf}
    try:
        wrong = api.client.post("/admin/login/", data={**form, "password": "x"}, headers={"Accept": "text/html"})
        signed_in = api.client.post("/admin/login/", data=form)
        inside = api.call("GET", "/admin/")
    finally:
        api.client.delete_cookie("watchhouse")
    assert (signed_in.status_code, inside.status_code) == (303, 200)
    assert [line_of(api, answer)["user_id"] for answer in (signed_in, inside)] == [staff.id, staff.id]
    refused = line_of(api, wrong)
    assert (refused["status"], refused["user_id"], refused["problem_detail"]) == (
        "401",
        None,
        "Invalid email or password",
    )


def test_a_probe_of_our_own_is_marked(api: Api) -> None:
    key = api.one("SELECT key FROM house_keys WHERE name = 'probe'")
    marked = api.call("GET", "/livez", headers={HEADER: sign(key, "GET", "/livez", datetime.now(UTC))})
    faked = api.call("GET", "/livez", headers={HEADER: sign("another", "GET", "/livez", datetime.now(UTC))})
    assert [line_of(api, answer)["is_probe"] for answer in (marked, faked)] == ["t", "f"]


AGENTS = {
    "tabs": ("a\tb", "a\tb"),
    "backslashes": ("\\N \\. \\\\", "\\N \\. \\\\"),
    "lines": ("a\r\nb\n\\.\n", "a\r\nb\n\\.\n"),
    "zero": ("a\0b", "a\ufffdb"),
    "umlauts": ("Bücher".encode().decode("latin-1"), "Bücher"),
    "no UTF-8": ("B\xfccher", "B\ufffdcher"),
    "empty": ("", ""),
    "long": ("é".encode().decode("latin-1") * 5000, "é" * 256),
    "none": (None, None),
}


@pytest.mark.parametrize(("sent", "meant"), AGENTS.values(), ids=AGENTS)
def test_a_user_agent_comes_through_as_it_was_meant(api: Api, sent: str | None, meant: str | None) -> None:
    request_id = f"agent-{next(_numbers)}"
    environ = {} if sent is None else {"HTTP_USER_AGENT": sent}
    client = api.client.application.test_client()
    client.environ_base = {"REMOTE_ADDR": "127.0.0.1"}  # without the agent that it sends by itself
    client.get("/livez", headers={"X-Request-ID": request_id}, environ_overrides=environ)
    [line] = lines_in(folder_of(api.client), request_id)
    assert line["user_agent"] == meant


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("", "0"), ("12", "12"), ("-5", "0"), ("x", "0"), ("9" * 30, str(2**40 - 1)), ("9" * 5000, "0")],
    ids=["none", "some", "negative", "word", "astronomic", "endless"],
)
def test_a_length_that_a_client_invents_can_be_stored(api: Api, sent: str, stored: str) -> None:
    request_id = f"length-{next(_numbers)}"
    api.client.get("/livez", headers={"X-Request-ID": request_id}, environ_overrides={"CONTENT_LENGTH": sent})
    [line] = lines_in(folder_of(api.client), request_id)
    assert line["request_bytes"] == stored


def test_moments_of_a_process_are_in_order_and_never_the_same(api: Api) -> None:
    for _ in range(50):
        api.call("GET", "/livez")
    numbers = [int(str(line["id"])) for line in lines_in(folder_of(api.client))]
    assert len(numbers) >= 50
    assert numbers == sorted(set(numbers))


def test_nothing_secret_is_written_down(api: Api) -> None:
    """A word of its own for every place a secret could stand in: none of them is in the journal."""
    secret = "Geheimnis"
    anna = api.person()
    words = itertools.count(1)

    def word() -> str:
        return f"{secret}{next(words)}"

    api.call("GET", f"/{word()}/{word()}?token={word()}")
    api.call("GET", f"/livez?{word()}={word()}", headers={"Authorization": f"Bearer {word()}", "Cookie": f"a={word()}"})
    api.call("POST", "/login", {"email": f"{word()}@example.com", "password": word()})
    api.call("POST", "/login", {word(): word()})
    api.client.post("/login", data=word(), content_type=f"text/{word()}")
    api.client.post("/login", data="{" + word(), content_type="application/json")
    api.call("POST", "/register", {"email": f"{word()}@example.com", "password": f"{word()} and more"})
    api.call("GET", f"/health/badge/{word()}.svg")
    api.call("GET", f"/static/{word()}.css")
    api.call(word(), "/livez", headers={"Referer": word(), "X-Forwarded-For": word(), "Idempotency-Key": word()})
    api.call("POST", "/api/v1/auth/token/refresh/", {"refresh": word()})
    api.call("POST", "/api/v1/auth/password/reset/", {"token": word(), "new": f"{word()} and more"})
    anna.call("POST", "/actions/create", {"name": word(), "author": word()}, {"Idempotency-Key": word()})
    anna.call("GET", f"/actions/read?limit={word()}&cursor={word()}")
    api.client.post("/admin/login/", data={"username": word(), "password": word(), "csrf_token": word()})
    assert next(words) > 30
    written = bytes_in(folder_of(api.client))
    assert b"/actions/create" in written
    assert secret.encode() not in written
    assert anna.token.encode() not in written
    assert PASSWORD.encode() not in written
    assert anna.email.encode() not in written
