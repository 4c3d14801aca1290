"""/api/admin/analytics/: the same numbers as a recount, whatever has been rolled up."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import quote

import pytest

from tests.auth.made_requests import Request, roll_up, store
from tests.auth.watched import faults
from tests.support.client import Api, Person

ANALYTICS = "/api/admin/analytics/"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ROUTES = (("/verify", "GET"), ("/login", "POST"), ("/api/v1/books/{id}/", "GET"), ("/api/v1/books/{id}/", "PATCH"))


def now() -> datetime:
    return datetime.now(UTC)


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def ask(person: Person, **query: Any) -> Any:
    """The answer for a span, a route and percentiles."""
    words = [f"{name.rstrip('_')}={quote(str(value))}" for name, value in query.items()]
    answer = person.call("GET", ANALYTICS + "?" + "&".join(words))
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def make(chance: random.Random, number: int, oldest: timedelta) -> list[Request]:
    """Requests of all kinds, more of them the newer they are."""
    made = []
    for _ in range(number):
        endpoint, method = chance.choice(ROUTES)
        made.append(
            Request(
                at=now() - oldest * chance.random() ** 3,
                endpoint=endpoint,
                method=method,
                status=chance.choice((200, 200, 201, 304, 404, 422, 500, 503)),
                milliseconds=chance.lognormvariate(2, 1.5),
                is_probe=chance.random() < 0.1,
            )
        )
    return made


def recount(requests: Iterable[Request], since: datetime, until: datetime, **route: str) -> list[Request]:
    """Those that analytics is to tell of."""
    return [
        request
        for request in requests
        if since <= request.at < until
        and not request.is_probe
        and all(getattr(request, name) == value for name, value in route.items())
    ]


def count_errors(requests: list[Request]) -> int:
    return sum(request.status >= 500 for request in requests)


def check(told: Any, requests: list[Request], **route: str) -> None:
    """Hold an answer against a recount of the span that it says it took."""
    since, until = (datetime.fromisoformat(told[name]) for name in ("from", "to"))
    moment = datetime.fromisoformat(told["updated_at"])
    found = recount(requests, since, until, **route)
    day = recount(requests, moment.replace(second=0, microsecond=0) - DAY, moment, **route)
    summary = told["summary"]
    assert summary["requests_24h"] == len(day)
    assert summary["errors_24h"] == count_errors(day)
    assert summary["requests_7d"] == len(recount(requests, hour_of(moment) - 7 * DAY, moment, **route))
    by_route = Counter((request.endpoint, request.method) for request in found)
    assert {(item["endpoint"], item["method"]): item["count"] for item in told["endpoints"]} == by_route
    assert told["methods"] == Counter(request.method for request in found)
    classes = Counter(f"{request.status // 100}xx" for request in found)
    assert told["status_codes"] == {name: classes[name] for name in ("2xx", "3xx", "4xx", "5xx")}
    assert sum(item["errors"] for item in told["endpoints"]) == count_errors(found)
    steps = {datetime.fromisoformat(item["hour"]): item for item in told["hourly"]}
    for begun, item in steps.items():
        within = recount(found, begun, begun + timedelta(seconds=told["step"]))
        assert (item["requests"], item["errors"]) == (len(within), count_errors(within))
    for name, value in told["percentiles"].items():
        assert value == (pytest.approx(exact(found, float(name[1:])), rel=0.0101) if found else None)
    average = sum(round(request.milliseconds * 1000) for request in found) / 1000 / max(len(found), 1)
    assert summary["avg_response_ms"] == (pytest.approx(average, abs=0.001) if found else None)


def exact(requests: list[Request], percentile: float) -> float:
    """The nearest-rank percentile, in milliseconds."""
    times = sorted(round(request.milliseconds * 1000) / 1000 for request in requests)
    return max(times[max(ceil(percentile / 100 * len(times)), 1) - 1], 0.001)


@pytest.mark.parametrize("seed", range(2))
def test_all_numbers_equal_a_recount_whatever_was_rolled_up(api: Api, seed: int) -> None:
    chance = random.Random(seed)
    staff = api.staff()
    early, late = make(chance, 250, 5.9 * DAY), make(chance, 60, 5.9 * DAY)
    store(api, early)
    hours = sorted({hour_of(request.at) for request in early})
    roll_up(api, [hour for hour in hours if chance.random() < 0.7])
    store(api, late)
    roll_up(api, [hour_of(request.at) for request in late if chance.random() < 0.3], from_rows=True)
    everything = early + late
    told = ask(staff)
    check(told, everything)
    assert told["summary"]["requests_7d"] == sum(not request.is_probe for request in everything)
    for back in (5.8, 3, 0.4):
        since = now() - chance.random() * back * DAY
        route = dict(zip(("endpoint", "method"), chance.choice(ROUTES), strict=True))
        check(ask(staff, from_=since.isoformat(), to=(since + chance.random() * DAY).isoformat()), everything)
        check(ask(staff, from_=since.isoformat(), p="99.9,12.5", **route), everything, **route)
        check(ask(staff, endpoint=route["endpoint"]), everything, endpoint=route["endpoint"])


def test_nothing_asked_is_told_as_nothing(api: Api) -> None:
    told = ask(api.staff())
    assert told["summary"] == {
        "requests_24h": 0, "requests_7d": 0, "errors_24h": 0, "error_rate": 0, "avg_response_ms": None,
        "requests_per_second": 0,
    }  # fmt: skip
    assert told["percentiles"] == dict.fromkeys(("p50", "p75", "p90", "p95", "p99"))
    assert told["status_codes"] == {"2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0}
    assert (told["endpoints"], told["top_endpoints"], told["methods"]) == ([], [], {})
    assert [item["requests"] for item in told["hourly"]] == [0] * 24


def test_the_day_by_the_hour_ends_with_the_one_that_is_open(api: Api) -> None:
    moment = now()
    store(api, [Request(moment, status=500), Request(moment - 2 * HOUR)])
    told = ask(api.staff())
    hours = [datetime.fromisoformat(item["hour"]) for item in told["hourly"]]
    assert hours == [hours[0] + number * HOUR for number in range(24)]
    assert hours[-1] == hour_of(datetime.fromisoformat(told["updated_at"]))
    counted = {
        hour: (item["requests"], item["errors"])
        for hour, item in zip(hours, told["hourly"], strict=True)
        if item["requests"]
    }
    assert counted == {hour_of(moment): (1, 1), hour_of(moment) - 2 * HOUR: (1, 0)}


def test_routes_come_by_their_requests_and_the_first_ten_are_the_top(api: Api) -> None:
    staff = api.staff()
    store(api, [Request(now() - MINUTE, f"/route-{n}", milliseconds=n) for n in range(1, 13) for _ in range(n)])
    told = ask(staff)
    assert [item["endpoint"] for item in told["endpoints"]] == [f"/route-{n}" for n in range(12, 0, -1)]
    assert told["top_endpoints"] == told["endpoints"][:10]
    assert told["endpoints"][0] == {
        "endpoint": "/route-12", "method": "GET", "count": 12, "avg_ms": 12.0, "errors": 0, "error_rate": 0,
    }  # fmt: skip


def test_the_error_rate_is_cut_to_two_decimals(api: Api) -> None:
    store(api, [Request(now() - MINUTE, status=500 if n < 2 else 404) for n in range(3)])
    told = ask(api.staff())
    assert told["summary"]["error_rate"] == told["endpoints"][0]["error_rate"] == 66.66


def test_requests_a_second_are_those_of_the_last_minute_or_of_the_span(api: Api) -> None:
    staff = api.staff()
    minute = (now() - 5 * timedelta(seconds=1)).replace(second=0, microsecond=0) - MINUTE
    # The next one too, in case it ends before the question is asked.
    store(api, [Request(minute + number * timedelta(seconds=2)) for number in range(60)])
    assert ask(staff)["summary"]["requests_per_second"] == 0.5
    told = ask(staff, from_=minute.isoformat(), to=(minute + MINUTE).isoformat())
    assert told["summary"]["requests_per_second"] == 0.5
    assert ask(staff, from_=(minute - 9 * MINUTE).isoformat(), to=(minute + MINUTE).isoformat())["summary"][
        "requests_per_second"
    ] == 0.05  # fmt: skip


def test_probes_of_our_own_are_left_out(api: Api) -> None:
    store(api, [Request(now() - MINUTE, is_probe=True), Request(now() - MINUTE)])
    assert ask(api.staff())["summary"]["requests_24h"] == 1


def test_what_is_long_ago_is_told_from_the_hours(api: Api) -> None:
    staff, hour = api.staff(), hour_of(now()) - 20 * DAY
    store(api, [Request(hour + number * MINUTE, milliseconds=number + 1) for number in range(60)])
    roll_up(api, [hour], from_rows=True)
    told = ask(staff, from_=(hour + 10 * MINUTE).isoformat(), to=(hour + 20 * MINUTE).isoformat())
    assert (datetime.fromisoformat(told["from"]), datetime.fromisoformat(told["to"])) == (hour, hour + HOUR)
    assert told["status_codes"]["2xx"] == 60
    assert told["percentiles"]["p50"] == pytest.approx(30, rel=0.01)
    assert [item["requests"] for item in told["hourly"]] == [60]


def test_a_span_of_more_than_a_month_is_told_by_the_day(api: Api) -> None:
    staff, day = api.staff(), now().replace(hour=0, minute=0, second=0, microsecond=0) - 20 * DAY
    store(api, [Request(day + 3 * HOUR), Request(day + 22 * HOUR, status=500)])
    roll_up(api, [day + 3 * HOUR, day + 22 * HOUR], from_rows=True)
    told = ask(staff, from_=(now() - 40 * DAY).isoformat())
    assert told["step"] == 86_400
    assert {"hour": day.isoformat(), "requests": 2, "errors": 1} in told["hourly"]
    assert len(told["hourly"]) in (40, 41)


@pytest.mark.parametrize("words", ["p=99.9&p=12.5", "p=99.9,12.5", "p=99.9,12.5,99,99.9"])
def test_any_percentile_can_be_asked(api: Api, words: str) -> None:
    store(api, [Request(now() - MINUTE, milliseconds=n) for n in range(1, 1001)])
    found = api.staff().call("GET", f"{ANALYTICS}?{words}").get_json()["percentiles"]
    assert list(found) == ["p50", "p75", "p90", "p95", "p99", "p99.9", "p12.5"]
    assert found["p99.9"] == pytest.approx(999, rel=0.01)
    assert found["p12.5"] == pytest.approx(125, rel=0.01)


def test_each_percentile_has_a_name_of_its_own(api: Api) -> None:
    asked = "p=0.00000000000001,0.00000000000002,99.9999999999999"
    found = api.staff().call("GET", f"{ANALYTICS}?{asked}").get_json()["percentiles"]
    assert list(found)[5:] == ["p1e-14", "p2e-14", "p99.9999999999999"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("p=0", "p.0"), ("p=100", "p.0"), ("p=nan", "p.0"), ("p=1,x", "p.1"), ("p=", "p.0"),
     ("p=1,2,3,4,5,6,7,8,9,10,11", "p"), ("method=GET", "method"), ("from=yesterday", "from"),
     ("from=2100-01-01T00:00:00Z", "from"),
     ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"), ("from=2001-01-01T00:00:00Z", "from"),
     ("to=1767225600", "to"), ("since=2026-01-01T00:00:00Z", "since"), ("endpoint=" + "x" * 501, "endpoint")],
    ids=lambda value: value[:30],
)  # fmt: skip
def test_a_fault_is_told_by_its_field(api: Api, query: str, field: str) -> None:
    assert faults(api.staff().call("GET", f"{ANALYTICS}?{query}")) == [field]


def test_a_route_nobody_knows_has_no_requests(api: Api) -> None:
    store(api, [Request(now() - MINUTE)])
    assert ask(api.staff(), endpoint="/nowhere")["summary"]["requests_24h"] == 0


def test_it_is_for_staff_and_kept_by_nobody(api: Api) -> None:
    assert api.call("GET", ANALYTICS).status_code == 401
    assert api.person().call("GET", ANALYTICS).status_code == 403
    answer = api.staff().call("GET", ANALYTICS)
    assert answer.headers["Cache-Control"] == "private, no-store"
