"""What the proxy answers by itself: problems in the words of the service, and no figures to anybody outside."""

import http.client
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.docker.proxy import OWN_ANSWER, run_proxy, run_service
from tests.support.ports import free_port

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
MEMBERS = {"type", "title", "status", "detail", "success", "message"}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A proxy before a service that answers, but not soon enough at `/slow`."""
    changes = {"proxy_read_timeout 60s;": "proxy_read_timeout 500ms;"}
    with run_service() as service, run_proxy(tmp_path_factory.mktemp("proxy"), service, changes) as url:
        yield url


@pytest.fixture
def lonely_proxy(tmp_path: Path) -> Iterator[str]:
    """A proxy whose service is away; it lets a client ask five times at once."""
    changes = {"burst=100": "burst=5", "rate=50r/s": "rate=1r/m"}
    with run_proxy(tmp_path, f"127.0.0.1:{free_port()}", changes) as url:
        yield url


def raw_status_and_body(url: str, target: str) -> tuple[int, bytes]:
    """The answer for `target` sent as it is written, which `requests` would tidy up."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(urlsplit(url).netloc, context=context, timeout=10)
    connection.request("GET", target)
    answer = connection.getresponse()
    return answer.status, answer.read()


def assert_problem(answer: requests.Response, status: int, *, retry: bool = False) -> None:
    """That `answer` is a problem, whole, with the headers it needs."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body.keys() == MEMBERS
    assert (body["type"], body["status"], body["success"]) == ("about:blank", status, False)
    assert body["title"]
    assert body["detail"] == body["message"] != ""
    assert (int(answer.headers.get("Retry-After", "0")) > 0) == retry
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/metrics?a=b", "/grafana/metrics", "/.problem"])
def test_figures_are_not_for_those_outside(proxy: str, path: str) -> None:
    assert_problem(requests.get(proxy + path, verify=False, timeout=10), 404)


@pytest.mark.parametrize(
    "target", ["//metrics", "/%6detrics", "/metrics%2f", "/./metrics", "/x/../metrics", "/metrics//"]
)
def test_figures_have_no_other_spelling(proxy: str, target: str) -> None:
    status, body = raw_status_and_body(proxy, target)
    assert status == 404
    assert OWN_ANSWER not in body


def test_other_paths_that_begin_alike_are_the_services(proxy: str) -> None:
    assert requests.get(f"{proxy}/metrics-of-mine", verify=False, timeout=10).content == OWN_ANSWER


@pytest.mark.parametrize("path", ["/", "/a.html", "/a.js"])
def test_a_body_that_is_too_large(proxy: str, path: str) -> None:
    assert_problem(requests.post(proxy + path, data=b"x" * (2**20 + 1), verify=False, timeout=10), 413)


def test_a_service_that_is_late(proxy: str) -> None:
    assert_problem(requests.get(f"{proxy}/slow", verify=False, timeout=10), 504, retry=True)


def test_requests_that_cannot_be_understood(proxy: str) -> None:
    plain = requests.get(proxy.replace("https:", "http:"), timeout=10)
    long = requests.get(f"{proxy}/?{'x' * 9000}", verify=False, timeout=10)
    fat = requests.get(proxy, headers={"X-Fat": "x" * 9000}, verify=False, timeout=10)
    trace = requests.request("TRACE", proxy, verify=False, timeout=10)
    for answer, status in ((plain, 400), (long, 414), (fat, 431), (trace, 405)):
        assert_problem(answer, status)


def test_a_service_that_is_away_and_too_many_requests(lonely_proxy: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: requests.get(f"{lonely_proxy}/a.html", verify=False, timeout=10), range(12)))
    assert {answer.status_code for answer in answers} == {429, 502}
    for answer in answers:
        assert_problem(answer, answer.status_code, retry=True)


@pytest.mark.parametrize("status", [404, 413, 429, 500, 502, 503, 504])
def test_the_services_own_errors_pass_as_they_are(proxy: str, status: int) -> None:
    answer = requests.get(f"{proxy}/{status}", verify=False, timeout=10)
    assert (answer.status_code, answer.content) == (status, OWN_ANSWER)
    assert answer.headers["Content-Type"] == "application/json"
    assert "Retry-After" not in answer.headers
