"""/health/api/logs/: requests one by one; one's own, and for staff everybody's."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from auth.request_log import store as request_log
from tests.auth.made_requests import Request, store
from tests.auth.watched import faults
from tests.support.client import Api, Person

LOGS = "/health/api/logs/"
NOW = datetime.now(UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def ask(person: Person, **query: Any) -> Any:
    """A page of the log."""
    answer = person.call("GET", f"{LOGS}?{urlencode({name.rstrip('_'): value for name, value in query.items()})}")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def walk(person: Person, **query: Any) -> tuple[list[str], int]:
    """The ids of all pages in order, and how many pages there were."""
    found, cursor, pages = [], "0", 0
    while cursor is not None:
        page = ask(person, cursor=cursor, **query)
        found += [item["id"] for item in page["items"]]
        cursor, pages = page["next"], pages + 1
    return found, pages


def fill(api: Api) -> dict[str, Request]:
    """Requests of several days and kinds by id, the newest first."""
    methods, statuses = ("GET", "POST", "DELETE"), (200, 404, 500, 503)
    people = [api.person().id for _ in range(2)]
    made = [
        Request(
            NOW - number * 97 * MINUTE,
            endpoint=f"/route-{number % 4}",
            method=methods[number % 3],
            status=statuses[number % 5 % 4],
            user_id=people[number % 7] if number % 7 < 2 else None,
            is_probe=number % 11 == 0,
        )
        for number in range(60)
    ]
    return dict(zip(map(str, store(api, made)), made, strict=True))


def test_a_request_is_told_whole(api: Api) -> None:
    staff = api.staff()
    [made] = store(api, [Request(NOW, "/login", "POST", 401, 12.345, user_id=staff.id)])
    api.collect("INSERT INTO request_log VALUES (1, %s, '/x', 'GET', 200, 1, 0, 0, false)", NOW - MINUTE)
    first, second = ask(staff)["items"]
    assert first == {
        "id": str(made), "at": NOW.isoformat(), "endpoint": "/login", "method": "POST", "status": 401,
        "duration_ms": 12.345, "request_bytes": 10, "response_bytes": 200, "is_probe": False, "user_id": staff.id,
        "ip_address": "192.0.2.7", "user_agent": "curl/8", "request_id": f"request-{made}", "problem_title": None,
        "problem_detail": None,
    }  # fmt: skip
    assert [second[name] for name in ("user_id", "ip_address", "user_agent", "request_id")] == [None] * 4


def test_the_problem_of_a_failure_is_told(api: Api) -> None:
    api.collect(
        "INSERT INTO request_log VALUES (1, %s, '/x', 'GET', 404, 1, 0, 0, false, NULL, NULL, NULL, NULL,"
        " 'Not Found', 'Nothing here')",
        NOW,
    )
    [item] = ask(api.staff())["items"]
    assert (item["problem_title"], item["problem_detail"]) == ("Not Found", "Nothing here")


FILTERS: list[dict[str, Any]] = [
    {}, {"endpoint": "/route-1"}, {"method": "DELETE"}, {"status": "404"}, {"status": "5xx"}, {"status": "503"},
    {"status": "2xx", "endpoint": "/route-2"}, {"endpoint": "/route-3", "status": "5xx", "method": "POST"},
    {"is_probe": "true"}, {"is_probe": "false", "method": "GET"}, {"endpoint": "/nowhere"}, {"status": "418"},
    {"from_": (NOW - 2 * DAY).isoformat(), "to": (NOW - DAY).isoformat()},
    {"from_": (NOW - DAY).isoformat(), "status": "5xx"},
]  # fmt: skip


def is_wanted(request: Request, filters: dict[str, Any]) -> bool:
    wanted = {
        "endpoint": lambda value: request.endpoint == value,
        "method": lambda value: request.method == value,
        "status": lambda value: str(request.status).startswith(value.rstrip("x")),
        "user_id": lambda value: request.user_id == value,
        "from_": lambda value: request.at >= datetime.fromisoformat(value),
        "to": lambda value: request.at < datetime.fromisoformat(value),
        "is_probe": lambda value: request.is_probe is (value == "true"),
    }
    return all(wanted[name](value) for name, value in {"is_probe": "false", **filters}.items())


def test_each_filter_gives_its_requests_once_newest_first_page_by_page(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, staff = fill(api), api.staff()
    somebody = next(request.user_id for request in made.values() if request.user_id)
    filters = [*FILTERS, {"user_id": somebody}, {"user_id": somebody, "status": "2xx", "endpoint": "/route-0"}]
    for part in filters:
        wanted = [key for key, request in made.items() if is_wanted(request, part)]
        assert walk(staff, limit=20, **part)[0] == wanted, part
    monkeypatch.setattr(request_log, "MOST_IN_ORDER", 5)
    monkeypatch.setattr(request_log, "MOST_BY_INDEX", 5)
    for part in filters:
        wanted = [key for key, request in made.items() if is_wanted(request, part)]
        for limit in (3, 7):
            assert walk(staff, limit=limit, **part)[0] == wanted, part
    rare, pages = walk(staff, status="418")
    assert (rare, pages) == ([], 13)


def test_two_in_the_same_microsecond_are_told_apart(api: Api) -> None:
    staff = api.staff()
    ids = store(api, [Request(NOW) for _ in range(5)])
    assert walk(staff, limit=1)[0] == [str(key) for key in sorted(ids, reverse=True)]


def test_everybody_sees_their_own_and_nobody_elses(api: Api) -> None:
    anna, ben = api.person(), api.person()
    anna_id, _, _ = store(api, [Request(NOW, user_id=anna.id), Request(NOW, user_id=ben.id), Request(NOW)])
    for query in ({}, {"endpoint": "/verify"}, {"method": "GET"}, {"status": "2xx"}, {"user_id": anna.id}):
        assert [item["id"] for item in ask(anna, **query)["items"]] == [str(anna_id)]
    assert ask(anna, status="5xx")["items"] == []


@pytest.mark.parametrize("query", ["user_id=47851f6a-e5ba-4cce-8d6f-4f034244037b", "is_probe=true", "is_probe=false"])
def test_what_is_staffs_to_ask_is_refused(api: Api, query: str) -> None:
    assert api.person().call("GET", f"{LOGS}?{query}").status_code == 403
    assert api.staff().call("GET", f"{LOGS}?{query}").status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [("status=600", "status"), ("status=5x", "status"), ("status=200%0A", "status"), ("limit=201", "limit"),
     ("cursor=-1", "cursor"), ("cursor=9223372036854775808", "cursor"), ("user_id=me", "user_id"),
     ("endpoint=", "endpoint"), ("from=now", "from"), ("to=1", "to"),
     ("since=2026-01-01T00:00:00Z", "since"), ("is_probe=maybe", "is_probe")],
    ids=str,
)  # fmt: skip
def test_a_fault_is_told_by_its_field(api: Api, query: str, field: str) -> None:
    assert faults(api.staff().call("GET", f"{LOGS}?{query}")) == [field]


@pytest.mark.parametrize("cursor", [1, 2**63 - 1, 10**18])
def test_any_cursor_leads_somewhere(api: Api, cursor: int) -> None:
    assert ask(api.staff(), cursor=cursor)["next"] is None


def test_it_is_for_who_is_signed_in_and_kept_by_nobody(api: Api) -> None:
    assert api.call("GET", LOGS).status_code == 401
    assert api.person().call("GET", LOGS).headers["Cache-Control"] == "private, no-store"
