"""A real auth against what is no HTTP, hosts that are not ours, and addresses that are made up."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import requests

from standalone.postgres import Server
from tests.support.client import Api
from tests.support.databases import throw_away
from tests.support.processes import Running, start_auth
from tests.support.visitor import Visitor, send_raw, sign_up

HOST = b"Host: 127.0.0.1\r\n"
NO_HTTP = {
    "NUL in a header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n",
    "NUL in the path": b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n",
    "100 kB header": b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    "100 kB header name": b"GET / HTTP/1.1\r\n" + HOST + b"a" * 100_000 + b": x\r\n\r\n",
    "100 kB path": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "500 headers": b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 500 + b"\r\n",
    "another version": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "nothing": b"\r\n\r\n\r\n",
    "negative length": b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    "two lengths": b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "length and chunks": b"POST /login HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": b"POST /login HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
    "broken chunk": b"POST /login HTTP/1.1\r\n"
    + HOST
    + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a body cut short": b"POST /login HTTP/1.1\r\n"
    + HOST
    + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a star": b"GET * HTTP/1.1\r\n" + HOST + b"\r\n",
    "a star's options": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "line ends alone": b"GET / HTTP/1.1\nHost: x\n\n",
}


@pytest.fixture(scope="module")
def plain(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An auth for all that need no setting of their own."""
    with throw_away(server) as database:
        running = start_auth(database, tmp_path_factory.mktemp("plain"), AUTH_WORKERS="1", ALLOWED_HOSTS="127.0.0.1")
        yield running
        running.stop()


def test_what_is_no_http_does_no_harm(plain: Running) -> None:
    with ThreadPoolExecutor(4) as pool:  # some keep the server waiting for seconds
        answers = dict(zip(NO_HTTP, pool.map(partial(send_raw, plain.url), NO_HTTP.values()), strict=True))
    assert {
        name: answer[:300]
        for name, answer in answers.items()
        if re.match(rb"HTTP/1.1 5", answer) or b"Traceback" in answer
    } == {}
    assert requests.get(plain.url + "/livez", timeout=5).status_code == 200
    assert "Traceback" not in plain.output()


def test_only_an_allowed_host_is_served(make_auth: Callable[..., Running]) -> None:
    auth = make_auth(ALLOWED_HOSTS="house.example,127.0.0.1", AUTH_WORKERS="1")
    expected = {
        "house.example": 200,
        "house.example:5000": 200,
        "127.0.0.1": 200,
        "evil.example": 400,
        "house.example.evil.example": 400,
        "house.example@evil.example": 400,
        "a b": 400,
        "localhost": 400,
    }
    found = {
        host: requests.get(auth.url + "/livez", headers={"Host": host}, timeout=5).status_code for host in expected
    }
    assert found == expected


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/json", "application/problem+json"),
        ("text/html", "text/html; charset=utf-8"),
    ],
)
def test_a_foreign_host_gets_a_problem(plain: Running, accept: str, media_type: str) -> None:
    answer = requests.get(plain.url + "/", headers={"Host": "evil.example", "Accept": accept}, timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, media_type)
    assert "evil.example" not in answer.text


VISITOR = "203.0.113.7"
THROUGH_A_PROXY = {
    "nothing said": (None, False),
    "told by the proxy": (VISITOR, True),
    "invented before the proxy's word": (f"{VISITOR}, 198.51.100.1", False),
    "an invented chain": (f"{VISITOR}, {VISITOR}, 198.51.100.1", False),
    "two proxies of ours": (f"198.51.100.1, {VISITOR}, 127.0.0.9", True),
    "another's proxy": (f"{VISITOR}, 198.51.100.200", False),
    "nonsense before": (f"nonsense, {VISITOR}", True),
    "nonsense last": (f"{VISITOR}, nonsense", False),
    "a port": (f"{VISITOR}:1234", False),
    "spaces": (f"198.51.100.1  ,  {VISITOR}", True),
    "empty parts": (f"{VISITOR},,", False),
    "mapped into IPv6": (f"::ffff:{VISITOR}", True),
    "very many": (", ".join(["198.51.100.1"] * 300 + [VISITOR]), True),
}


def test_behind_a_proxy_the_nearest_foreign_address_counts(make_auth: Callable[..., Running]) -> None:
    """/metrics is open to one address only, so its status tells whose address was found."""
    auth = make_auth(TRUSTED_PROXIES="127.0.0.0/8", METRICS_NETWORKS=VISITOR + "/32", AUTH_WORKERS="1")
    found = {name: ask_metrics(auth, chain) for name, (chain, _) in THROUGH_A_PROXY.items()}
    assert found == {name: is_visitor for name, (_, is_visitor) in THROUGH_A_PROXY.items()}


def test_without_a_trusted_proxy_the_header_is_not_believed(make_auth: Callable[..., Running]) -> None:
    auth = make_auth(METRICS_NETWORKS=VISITOR + "/32", AUTH_WORKERS="1")
    assert not ask_metrics(auth, VISITOR)


def test_a_proxy_elsewhere_is_not_believed(make_auth: Callable[..., Running]) -> None:
    auth = make_auth(TRUSTED_PROXIES="192.0.2.0/24", METRICS_NETWORKS=VISITOR + "/32", AUTH_WORKERS="1")
    assert not ask_metrics(auth, VISITOR)


def ask_metrics(auth: Running, chain: str | None) -> bool:
    headers = {"X-Forwarded-For": chain} if chain else {}
    return requests.get(auth.url + "/metrics", headers=headers, timeout=5).status_code == 200


MOST = 1024 * 1024


def test_a_body_has_a_limit_however_it_is_sent(plain: Running) -> None:
    anna = sign_up(plain.url)
    sizes = {MOST - 1: 422, MOST: 422, MOST + 1: 413, 40 * MOST: 413}
    for is_chunked in (False, True):
        assert {size: send_name(anna, size, is_chunked) for size in sizes} == sizes, is_chunked


def send_name(anna: Visitor, size: int, is_chunked: bool) -> int:
    """The status for a body of `size` bytes that holds a long name."""
    body = (b'{"name": "' + b"n" * size)[: size - 2] + b'"}'
    sent = (body[at : at + 65536] for at in range(0, size, 65536)) if is_chunked else body
    answer = requests.post(
        anna.url + "/actions/create", data=sent, timeout=20, headers={**anna.bearer, "Content-Type": "application/json"}
    )
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code


def test_doubled_slashes_are_no_other_spelling(api: Api) -> None:
    answer = api.call("GET", "/actions//read")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
