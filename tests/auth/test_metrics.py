"""/metrics: exact over workers, restarts and killed workers; bounded whatever is asked; guarded outside a demo."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import requests
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.support.client import Api
from tests.support.databases import Database
from tests.support.processes import DEVICE_KEY, PIN_PEPPER, Running
from tests.support.visitor import Visitor, send_raw, sign_up
from tests.support.waiting import wait_for

SECRET = "a secret of thirty-two bytes or more"
TOKEN = "the scraper's own token, which is long"
REAL = {
    "WATCHHOUSE_DEMO": "0",
    "SECRET_KEY": SECRET,
    "DEVICE_KEY": DEVICE_KEY,
    "PIN_PEPPER": PIN_PEPPER,
    "METRICS_TOKEN": TOKEN,
    "METRICS_NETWORKS": "192.0.2.0/24",
}


def samples(text: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def scrape(auth: Running) -> str:
    answer = requests.get(auth.url + "/metrics", timeout=10)
    assert answer.status_code == 200
    return answer.text


def actions(text: str) -> dict[tuple[str, str], float]:
    return {
        (sample.labels["action"], sample.labels["user"]): sample.value
        for sample in samples(text)
        if sample.name == "user_actions_total"
    }


def requests_of(text: str, rule: str) -> float:
    return sum(
        sample.value
        for sample in samples(text)
        if sample.name == "flask_http_request_duration_seconds_count" and sample.labels["url_rule"] == rule
    )


def name_of_counts(auth: Running) -> str:
    """The name of its counters, by which a reader tells going on from beginning anew."""
    name = requests.get(auth.url + "/metrics", timeout=10).headers["X-Counts"]
    assert name
    return name


def act(person: Visitor) -> None:
    made = person.call("POST", "/actions/create", {"name": "n"}).json()["id"]
    person.call("GET", "/actions/read?limit=1")
    person.call("POST", "/actions/update", {"id": made, "name": "x"})
    person.call("POST", "/actions/update", {"id": made + 10**9, "name": "x"})


def test_actions_and_requests_are_exact_over_workers_and_a_restart(
    database: Database, make_auth: Callable[..., Running]
) -> None:
    auth = make_auth()
    people = [sign_up(auth.url) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, people * 5))
    expected = {(action, person.email): 5.0 for action in ("create", "read", "update") for person in people}
    assert actions(scrape(auth)) == expected
    assert requests_of(scrape(auth), "/actions/update") == 40
    name = name_of_counts(auth)
    auth.kill()
    again = make_auth()
    assert name_of_counts(again) == name
    assert actions(scrape(again)) == expected
    assert requests_of(scrape(again), "/actions/update") == 40


def test_every_worker_tells_the_same(make_auth: Callable[..., Running]) -> None:
    auth = make_auth(AUTH_WORKERS="3")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: requests.get(auth.url + "/verify", timeout=5).status_code, range(60)))
    assert {requests_of(scrape(auth), "/verify") for _ in range(20)} == {60}


def test_twenty_killed_workers_leave_few_files_and_lose_no_count(
    make_auth: Callable[..., Running], tmp_path: Path
) -> None:
    auth = make_auth()
    counted = 0
    for _ in range(20):
        workers = wait_for(lambda: alive(auth), what="two workers")
        for _ in range(4):
            counted += requests.get(auth.url + "/verify", timeout=5).status_code == 401
        workers[0].kill()
        workers[0].wait(10)
    wait_for(lambda: alive(auth))
    assert (counted, requests_of(scrape(auth), "/verify")) == (80, 80)
    files = sorted(path.name for path in (tmp_path / "data" / "metrics").rglob("*.db"))
    assert len(files) <= 12, files


def alive(auth: Running) -> list[psutil.Process]:
    workers = [child for child in psutil.Process(auth.process.pid).children() if child.status() != psutil.STATUS_ZOMBIE]
    return workers if len(workers) == 2 else []


def test_invented_methods_and_paths_make_no_series(make_auth: Callable[..., Running]) -> None:
    auth = make_auth(AUTH_WORKERS="1")
    for method in ("GET", "BREW"):
        requests.request(method, auth.url + "/nowhere", timeout=5)
        requests.request(method, auth.url + "/verify", timeout=5)
    before = {(sample.name, tuple(sample.labels.values())) for sample in samples(scrape(auth))}
    for number in range(300):
        requests.request(f"BREW{number}", f"{auth.url}/verify", timeout=5)
        requests.get(f"{auth.url}/nowhere/{number}", timeout=5)
    found = samples(scrape(auth))
    assert {(sample.name, tuple(sample.labels.values())) for sample in found} == before
    assert {sample.labels["method"] for sample in found if "method" in sample.labels} == {"GET", "OTHER"}
    assert requests_of(scrape(auth), "unmatched") == 603


def test_path_arguments_are_told_as_their_template(api: Api, make_auth: Callable[..., Running]) -> None:
    auth = make_auth(AUTH_WORKERS="1")
    for number in range(3):
        requests.get(f"{auth.url}/api/v1/users/00000000-0000-0000-0000-00000000000{number}/", timeout=5)
    assert requests_of(scrape(auth), "/api/v1/users/<uuid:user_id>/") == 3


ODD = [
    'qu"ote@example.com',
    "back\\slash@example.com",
    "new\nline@example.com",
    "ünï@example.com",
    "{a=b}@example.com",
    "\\n@example.com",
    'end"} 5\nfake_metric 1@example.com',
    "other@example.com",
]


def test_odd_addresses_are_told_as_they_are(api: Api) -> None:
    for address in ODD:
        person = api.person()
        api.rows("UPDATE app_users SET email = %s WHERE id = %s", address, person.id)
        person.call("POST", "/actions/create", {"name": "n"})
    text = api.call("GET", "/metrics").text
    assert Counter(user for _, user in actions(text)) == Counter(ODD)
    assert not any(sample.name == "fake_metric" for sample in samples(text))


def test_people_beyond_the_named_are_told_together(make_auth: Callable[..., Running]) -> None:
    auth = make_auth(METRICS_NAMED_USERS="2", AUTH_WORKERS="1")
    people = [sign_up(auth.url) for _ in range(5)]
    for person in people:
        act(person)
    assert actions(scrape(auth)) == {
        **{(action, person.email): 1.0 for action in ("create", "read", "update") for person in people[:2]},
        **{(action, "other"): 3.0 for action in ("create", "read", "update")},
    }


CREDENTIALS: dict[str, tuple[dict[str, str], int]] = {
    "none": ({}, 401),
    "another token": ({"Authorization": "Bearer wrong"}, 401),
    "a part": ({"Authorization": "Bearer " + TOKEN[:-1]}, 401),
    "no token": ({"Authorization": "Bearer"}, 401),
    "no ASCII": ({"Authorization": "Bearer é"}, 401),
    "another scheme": ({"Authorization": "Basic " + TOKEN}, 401),
    "an invented address": ({"X-Forwarded-For": "192.0.2.1"}, 401),
    "the token": ({"Authorization": "Bearer " + TOKEN}, 200),
}


def test_outside_a_demo_a_token_opens_it(make_auth: Callable[..., Running], database: Database) -> None:
    auth = make_auth(**REAL, DATABASE_URL=strong(database))
    answers = {name: ask_with(auth, headers) for name, (headers, _) in CREDENTIALS.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == {
        name: status for name, (_, status) in CREDENTIALS.items()
    }
    assert [name for name, answer in answers.items() if "flask_" in answer.text] == ["the token"]


def ask_with(auth: Running, headers: dict[str, str]) -> requests.Response:
    sent = {name: value.encode() for name, value in headers.items()}
    return requests.get(auth.url + "/metrics", headers=sent, timeout=5)


def test_outside_a_demo_a_listed_network_opens_it(make_auth: Callable[..., Running], database: Database) -> None:
    auth = make_auth(**{**REAL, "METRICS_NETWORKS": "127.0.0.0/8"}, DATABASE_URL=strong(database))
    assert requests.get(auth.url + "/metrics", timeout=5).status_code == 200


def strong(database: Database) -> str:
    """The role's URL in a spelling that is not the demo's."""
    return database.auth_url + "?application_name=auth"


def test_a_metrics_path_with_a_slash_is_guarded_too(make_auth: Callable[..., Running], database: Database) -> None:
    auth = make_auth(**REAL, DATABASE_URL=strong(database))
    found = [
        send_raw(auth.url, b"GET " + path + b" HTTP/1.0\r\nHost: localhost\r\n\r\n").split(b" ", 2)[1]
        for path in (b"/metrics", b"/metrics/", b"/metrics//", b"/metrics?x", b"/%6detrics")
    ]
    assert found == [b"401"] * 5


def test_a_scraper_may_ask_for_some_families_only(api: Api) -> None:
    api.call("GET", "/verify")
    times = "flask_http_request_duration_seconds"
    for asked in ([times], ["user_actions_total"], [times, "user_actions_total"], ["nothing"]):
        text = api.call("GET", "/metrics?" + "&".join(f"name[]={family}" for family in asked)).text
        families = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
        assert families == set(asked) - {"nothing"}
