"""user_actions_total and usage_stats: one each for every call that succeeds, in the transaction of the change."""

from collections.abc import Callable
from contextlib import closing
from threading import Thread
from typing import Any

import psutil
import psycopg2
import pytest
import requests

from tests.support.client import Api, Person
from tests.support.databases import Database
from tests.support.processes import Running
from tests.support.visitor import Visitor, sign_up
from tests.support.waiting import wait_for

# Before the answer began or, where it is chunked, in the middle of it.
CUT_SHORT = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)

STATS = "SELECT action, resource_id, user_id::text FROM usage_stats"
TOTALS = "SELECT action, total FROM user_action_totals ORDER BY action"


def make(person: Person) -> int:
    made: int = person.call("POST", "/actions/create", {"name": "mine"}).get_json()["id"]
    return made


def counted(api: Api) -> dict[str, int]:
    """What the totals and the rows of the record say; a failure of the test when they differ."""
    totals = dict(api.rows(TOTALS))
    record = dict(api.rows("SELECT action, count(*) FROM usage_stats GROUP BY action"))
    assert totals == record
    return totals


def test_a_create_counts_once(api: Api) -> None:
    anna = api.person()
    mine = make(anna)
    assert api.rows(STATS) == [("create", mine, anna.id)]
    assert counted(api) == {"create": 1}


def test_an_update_counts_once(api: Api) -> None:
    anna = api.person()
    anna.call("POST", "/actions/update", {"id": make(anna), "name": "x", "author": "y"})
    assert counted(api) == {"create": 1, "update": 1}


def test_a_delete_counts_once_and_keeps_the_id(api: Api) -> None:
    anna = api.person()
    mine = make(anna)
    anna.call("DELETE", "/actions/delete", {"id": mine})
    assert ("delete", mine, anna.id) in api.rows(STATS)
    assert counted(api) == {"create": 1, "delete": 1}


@pytest.mark.parametrize("query", ["", "?limit=5", "?q=x", "?limit=1&q=x", "?cursor=3"])
def test_a_read_counts_once_whatever_it_gives(api: Api, query: str) -> None:
    anna = api.person()
    anna.call("GET", "/actions/read" + query).get_data()
    assert api.rows(STATS) == [("read", None, anna.id)]
    assert counted(api) == {"read": 1}


@pytest.mark.parametrize("tail", ["", "&limit=5"], ids=["streamed", "paged"])
def test_a_read_of_one_names_it(api: Api, tail: str) -> None:
    anna = api.person()
    mine = make(anna)
    anna.call("GET", f"/actions/read?id={mine}{tail}").get_data()
    assert ("read", mine, anna.id) in api.rows(STATS)
    assert counted(api) == {"create": 1, "read": 1}


def test_staff_is_counted_for_what_staff_does(api: Api) -> None:
    theirs, staff = make(api.person()), api.staff()
    staff.call("DELETE", "/actions/delete", {"id": theirs})
    assert api.rows("SELECT user_id::text FROM usage_stats WHERE action = 'delete'") == [(staff.id,)]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/actions/create", {}),
        ("POST", "/actions/create", {"name": "x", "role": "admin"}),
        ("GET", "/actions/read?limit=0", None),
        ("GET", "/actions/read?colour=red", None),
        ("POST", "/actions/update", {"id": 2**60, "name": "x"}),
        ("POST", "/actions/update", {"id": "theirs", "name": "x"}),
        ("POST", "/actions/update", {"id": "theirs", "name": ""}),
        ("DELETE", "/actions/delete", {"id": 2**60}),
        ("DELETE", "/actions/delete", {"id": "theirs"}),
        ("DELETE", "/actions/delete", {}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_failure_counts_nothing(api: Api, method: str, path: str, body: dict[str, Any] | None) -> None:
    theirs = make(api.person())
    if body and body.get("id") == "theirs":
        body = {**body, "id": theirs}
    answer = api.person().call(method, path, body)
    assert answer.status_code >= 400
    assert counted(api) == {"create": 1}


def test_a_call_without_a_token_counts_nothing(api: Api) -> None:
    for path in ("/actions/read", "/actions/read?limit=1"):
        assert api.call("GET", path).status_code == 401
    assert counted(api) == {}


@pytest.mark.parametrize("path", ["/actions/read", "/actions/read?limit=1"])
def test_a_read_after_the_session_ended_counts_nothing(api: Api, path: str) -> None:
    anna = api.person()
    api.rows("UPDATE sessions SET ended_at = now()")
    assert anna.call("GET", path).status_code == 401
    assert counted(api) == {}


@pytest.mark.parametrize("path", ["/actions/read", "/actions/read?limit=1"])
def test_a_head_is_no_read(api: Api, path: str) -> None:
    answer = api.person().call("HEAD", path)
    assert answer.get_data() == b""
    assert counted(api) == {}


def test_many_at_once_are_counted_exactly(database: Database, make_auth: Callable[..., Running]) -> None:
    auth = make_auth()
    people = [sign_up(auth.url) for _ in range(3)]

    def act(person: Visitor) -> None:
        for number in range(15):
            made = person.call("POST", "/actions/create", {"name": str(number)}).json()["id"]
            person.call("GET", "/actions/read?limit=1")
            person.call("GET", "/actions/read")
            person.call("POST", "/actions/update", {"id": made, "name": "x"})
            person.call("DELETE", "/actions/delete", {"id": made})

    threads = [Thread(target=act, args=[person]) for person in people for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.rows("SELECT action, sum(total)::int FROM user_action_totals GROUP BY 1 ORDER BY 1") == [
        ("create", 90),
        ("delete", 90),
        ("read", 180),
        ("update", 90),
    ]
    assert database.rows("SELECT action, count(*)::int FROM usage_stats GROUP BY 1 ORDER BY 1") == [
        ("create", 90),
        ("delete", 90),
        ("read", 180),
        ("update", 90),
    ]


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("POST", "/actions/create", {"name": "x"}),
        ("POST", "/actions/update", {"id": True, "name": "x"}),
        ("DELETE", "/actions/delete", {"id": True}),
        ("GET", "/actions/read?limit=9", None),
        ("GET", "/actions/read", None),
    ],
    ids=["create", "update", "delete", "read", "read streamed"],
)
def test_a_worker_killed_in_the_middle_leaves_all_or_nothing(
    database: Database,
    make_auth: Callable[..., Running],
    method: str,
    path: str,
    more: dict[str, Any] | None,
) -> None:
    """The request is held at its last step, the person's total; then every worker is killed.

    A page is read and counted by one statement, which PostgreSQL carries to its end when its client has gone.
    """
    auth = make_auth()
    anna = sign_up(auth.url)
    mine = anna.call("POST", "/actions/create", {"name": "mine"}).json()["id"]
    anna.call("POST", "/actions/update", {"id": mine, "name": "mine"})
    anna.call("DELETE", "/actions/delete", {"id": anna.call("POST", "/actions/create", {"name": "y"}).json()["id"]})
    anna.call("GET", "/actions/read?limit=1")
    before = snapshot(database)
    body = {**more, "id": mine} if more and "id" in more else more
    with closing(psycopg2.connect(database.owner_url)) as blocker, blocker.cursor() as cursor:
        cursor.execute("SELECT FROM user_action_totals FOR UPDATE")
        broken = Thread(target=call_to_be_broken, args=[anna, method, path, body])
        broken.start()
        wait_for(lambda: database.one("SELECT count(*) FROM pg_locks WHERE NOT granted"), what="the request waits")
        for worker in psutil.Process(auth.process.pid).children():
            worker.kill()
        broken.join()
        blocker.rollback()
    wait_for(
        lambda: (
            not database.one(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'auth'"
                " AND state <> 'idle' AND datname = current_database()"
            )
        )
    )
    left = snapshot(database)
    assert left == before or (path == "/actions/read?limit=9" and left == (before[0], before[1] + 1, before[2] + 1))
    wait_for(lambda: answers(anna, method, path, body), what="the next worker does it")
    assert snapshot(database)[1:] == (left[1] + 1, left[2] + 1)


def snapshot(database: Database) -> tuple[str, int, int]:
    """The resources, how many rows the record has, and the sum of all totals."""
    [(resources, record, totals)] = database.rows(
        "SELECT (SELECT array_agg((id, name) ORDER BY id)::text FROM resources), (SELECT count(*) FROM usage_stats),"
        " (SELECT sum(total)::int FROM user_action_totals)"
    )
    return resources, record, totals


def call_to_be_broken(anna: Visitor, method: str, path: str, body: dict[str, Any] | None) -> None:
    with pytest.raises(CUT_SHORT):
        anna.call(method, path, body)


def answers(anna: Visitor, method: str, path: str, body: dict[str, Any] | None) -> bool:
    try:
        return anna.call(method, path, body).ok
    except CUT_SHORT:
        return False
