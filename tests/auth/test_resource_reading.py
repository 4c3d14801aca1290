"""GET /actions/read: pages, filters and the whole list as a stream."""

import json
from collections.abc import Callable
from urllib.parse import quote

import psutil
import pytest
import requests
from werkzeug.test import TestResponse

from tests.support.client import Api, Person
from tests.support.databases import Database
from tests.support.processes import Running
from tests.support.visitor import sign_up

MANY = 1_234
LIKE_NAMES = ["100% sure", "100 sure", "a_b", "axb", "back\\slash", "Ünïcode", "quote's"]


def fill(api: Api, owner: Person, count: int) -> None:
    api.rows(
        "INSERT INTO resources (name, owner_id) SELECT 'resource ' || n, %s FROM generate_series(1, %s) n",
        owner.id,
        count,
    )


def ids(answer: TestResponse) -> list[int]:
    return [row["id"] for row in answer.get_json()["data"]]


def test_an_empty_house_has_an_empty_list(api: Api) -> None:
    anna = api.person()
    for path in ("/actions/read", "/actions/read?limit=5"):
        answer = anna.call("GET", path)
        assert answer.get_json() == {"message": "Resources retrieved successfully", "data": []}
        assert answer.mimetype == "application/json"


def test_pages_give_every_row_once_in_order(api: Api) -> None:
    anna = api.person()
    fill(api, anna, 25)
    seen, path = [], "/actions/read?limit=10"
    for size in (10, 10, 5):
        page = anna.call("GET", path).get_json()
        assert len(page["data"]) == size
        seen += [row["name"] for row in page["data"]]
        path = f"/actions/read?limit=10&cursor={page.get('next')}"
    assert "next" not in page
    assert seen == [f"resource {n}" for n in range(1, 26)]


def test_a_page_that_ends_with_the_last_row_has_no_next(api: Api) -> None:
    anna = api.person()
    fill(api, anna, 10)
    assert "next" not in anna.call("GET", "/actions/read?limit=10").get_json()


def test_rows_made_between_pages_neither_double_nor_hide_others(api: Api) -> None:
    anna = api.person()
    fill(api, anna, 4)
    first = anna.call("GET", "/actions/read?limit=2").get_json()
    api.rows("DELETE FROM resources WHERE id = %s", first["data"][1]["id"])
    fill(api, anna, 1)
    second = anna.call("GET", f"/actions/read?limit=200&cursor={first['next']}").get_json()
    assert [row["name"] for row in second["data"]] == ["resource 3", "resource 4", "resource 1"]


def test_a_kind_narrows(api: Api) -> None:
    anna = api.person()
    for kind in ("book", "Book", "book "):
        anna.call("POST", "/actions/create", {"name": kind, "kind": kind})
    for tail in ("", "&limit=9"):
        answer = anna.call("GET", "/actions/read?kind=book" + tail)
        assert [row["name"] for row in answer.get_json()["data"]] == ["book"]


def test_an_id_narrows(api: Api) -> None:
    anna = api.person()
    fill(api, anna, 3)
    middle = api.one("SELECT id FROM resources ORDER BY id OFFSET 1 LIMIT 1")
    for tail in ("", "&limit=9"):
        assert ids(anna.call("GET", f"/actions/read?id={middle}{tail}")) == [middle]


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("%", ["100% sure"]),
        ("_", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("100%", ["100% sure"]),
        ("A_B", ["a_b"]),
        ("'", ["quote's"]),
        ("ünïCODE", ["Ünïcode"]),
        ("%%", []),
        ("a%b", []),
        ("", LIKE_NAMES),
    ],
)
@pytest.mark.parametrize("tail", ["", "&limit=50"], ids=["streamed", "paged"])
def test_signs_of_like_mean_only_themselves(api: Api, part: str, found: list[str], tail: str) -> None:
    anna = api.person()
    for name in LIKE_NAMES:
        anna.call("POST", "/actions/create", {"name": name})
    answer = anna.call("GET", f"/actions/read?q={quote(part)}{tail}")
    assert [row["name"] for row in answer.get_json()["data"]] == found


def test_a_part_of_the_author_is_found_too(api: Api) -> None:
    anna = api.person()
    anna.call("POST", "/actions/create", {"name": "n", "author": "Ada Lovelace"})
    assert len(ids(anna.call("GET", "/actions/read?limit=1&q=lovel"))) == 1


def test_the_whole_list_equals_its_pages(api: Api) -> None:
    anna = api.person()
    fill(api, anna, MANY)
    whole = anna.call("GET", "/actions/read").get_json()
    pages, cursor = [], 0
    while cursor is not None:
        page = anna.call("GET", f"/actions/read?limit=200&cursor={cursor}").get_json()
        pages += page["data"]
        cursor = page.get("next")
    assert (len(whole["data"]), whole["data"]) == (MANY, pages)


@pytest.mark.parametrize("count", [499, 500, 501, 1000])
def test_a_stream_is_whole_at_the_edges_of_its_batches(api: Api, count: int) -> None:
    anna = api.person()
    fill(api, anna, count)
    assert len(ids(anna.call("GET", "/actions/read"))) == count


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1.5",
        "limit=1e2",
        "limit=" + "9" * 5000,
        "cursor=-1",
        "cursor=x",
        f"cursor={2**63}",
        "id=0",
        "id=-5",
        "id=x",
        f"id={2**63}",
        "kind=" + "k" * 101,
        "q=" + "q" * 201,
        "q=%00",
        "kind=%00",
        "q=" + "n" * 100_000,
        "limit=1&limit=2",
        "kind=a&kind=b",
        "role=admin",
        "is_staff=1",
        "Limit=1",
        "%00=1",
        "limit[]=1",
    ],
    ids=lambda query: query[:20],
)
def test_it_refuses_a_wrong_query(api: Api, query: str) -> None:
    answer = api.person().call("GET", "/actions/read?" + query)
    assert answer.status_code == 422, answer.text
    assert len(answer.get_json()["errors"]) == 1


@pytest.mark.parametrize("query", [f"cursor={2**63 - 1}", f"id={2**63 - 1}", "limit=200&cursor=0"])
def test_it_takes_the_edges_of_a_query(api: Api, query: str) -> None:
    assert api.person().call("GET", "/actions/read?" + query).status_code == 200


def test_a_stream_of_100_000_rows_takes_no_more_memory_the_longer_it_is(
    database: Database, make_auth: Callable[..., Running]
) -> None:
    auth = make_auth(AUTH_WORKERS="1")
    anna = sign_up(auth.url)
    database.rows(
        "INSERT INTO resources (name, annotation, owner_id) SELECT 'n', repeat('x', 800), id"
        " FROM app_users, generate_series(1, 100000) WHERE email = %s",
        anna.email,
    )
    anna.call("GET", "/actions/read?limit=200")
    [worker] = psutil.Process(auth.process.pid).children()
    before = worker.memory_info().rss
    size, most = 0, 0
    with requests.get(auth.url + "/actions/read", headers=anna.bearer, stream=True, timeout=60) as answer:
        for part in answer.iter_content(1 << 20):
            size += len(part)
            most = max(most, worker.memory_info().rss)
    assert size > 100_000_000
    assert most - before < 30_000_000


def test_a_reader_who_leaves_in_the_middle_frees_the_connection_and_is_not_counted(
    database: Database, make_auth: Callable[..., Running]
) -> None:
    auth = make_auth(AUTH_WORKERS="1", AUTH_THREADS="2")
    anna = sign_up(auth.url)
    database.rows(
        "INSERT INTO resources (name, annotation, owner_id) SELECT 'n', repeat('x', 8000), id"
        " FROM app_users, generate_series(1, 5000) WHERE email = %s",
        anna.email,
    )
    for _ in range(4):
        with requests.get(auth.url + "/actions/read", headers=anna.bearer, stream=True, timeout=20) as answer:
            next(answer.iter_content(1000))
    page = anna.call("GET", "/actions/read?limit=1")
    assert page.status_code == 200
    assert json.loads(page.content)["next"]
    assert database.one("SELECT total FROM user_action_totals") == 1
