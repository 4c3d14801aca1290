"""/health/api/metrics/: hosts over time, by the minute and by the hour."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.auth.watched import faults
from tests.support.client import Api, Person

METRICS = "/health/api/metrics/"


def ask(person: Person, **query: Any) -> Any:
    """The answer for a host, a span and a step."""
    words = [f"{name.rstrip('_')}={quote(str(value))}" for name, value in query.items()]
    return person.call("GET", METRICS + "?" + "&".join(words))


def ago(**span: int) -> str:
    """So long ago, on a full hour."""
    return (datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(**span)).isoformat()


def add_minutes(api: Api, host: str, since: str, minutes: int) -> None:
    """Minutes of a host: each has as many percent of CPU and as many samples as its number."""
    api.collect(
        "INSERT INTO host_metrics"
        " SELECT %s, %s::timestamptz + n * interval '1 minute', n, n, 100, 50, 40, 0.5, 60, 120, 7"
        " FROM generate_series(1, %s) n",
        host, since, minutes,
    )  # fmt: skip


def test_the_last_hour_by_the_minute_is_what_is_told_unasked(api: Api) -> None:
    add_minutes(api, "web-1", ago(hours=3), 10)
    api.collect(
        "INSERT INTO host_metrics VALUES"
        " ('web-1', date_trunc('minute', now()) - interval '5 minutes', 6, 30, 100, 50, 40, 0.5, 60, 120, 7)"
    )
    found = api.person().call("GET", METRICS).get_json()
    assert found["step"] == 60
    [series] = found["hosts"]
    [point] = series["points"]
    assert series["host"] == "web-1"
    assert {name: value for name, value in point.items() if name != "at"} == {
        "samples": 6, "cpu_percent": 30, "memory_mb": 100, "memory_percent": 50, "disk_percent": 40, "load_1m": 0.5,
        "network_sent_bytes": 60, "network_received_bytes": 120, "open_files": 7,
    }  # fmt: skip


def test_steps_are_means_by_samples_on_the_absolute_clock(api: Api) -> None:
    add_minutes(api, "web-1", ago(hours=3), 9)
    found = ask(api.person(), from_=ago(hours=4), to=ago(hours=1), step=300).get_json()
    first, second = found["hosts"][0]["points"]
    began = datetime.fromisoformat(ago(hours=3))
    assert datetime.fromisoformat(first["at"]) == began
    assert datetime.fromisoformat(second["at"]) == began + timedelta(minutes=5)
    assert first["cpu_percent"] == pytest.approx((1 + 4 + 9 + 16) / (1 + 2 + 3 + 4))
    assert second["samples"] == 5 + 6 + 7 + 8 + 9


def test_each_host_is_a_series_and_one_can_be_chosen(api: Api) -> None:
    for host in ("web-2", "web-1"):
        add_minutes(api, host, ago(hours=2), 3)
    person, span = api.person(), {"from_": ago(hours=2), "to": ago(hours=1)}
    assert [series["host"] for series in ask(person, **span).get_json()["hosts"]] == ["web-1", "web-2"]
    assert [series["host"] for series in ask(person, host="web-2", **span).get_json()["hosts"]] == ["web-2"]
    assert ask(person, host="' OR 1=1", **span).get_json()["hosts"] == []


def test_what_is_long_ago_is_told_by_the_hour(api: Api) -> None:
    api.collect(
        "INSERT INTO figure_hours"
        " SELECT 'host:web-1', figure, %s::timestamptz + hour * interval '1 hour', 360, hour * 10, 0, 0"
        " FROM unnest(ARRAY['cpu_percent', 'load_1m']) figure, generate_series(1, 2) hour"
        " UNION ALL SELECT 'database', 'size_mb', %s::timestamptz, 1, 1, 1, 1",
        ago(days=100), ago(days=100),
    )  # fmt: skip
    found = ask(api.person(), from_=ago(days=101), to=ago(days=99)).get_json()
    assert found["step"] == 3600
    [series] = found["hosts"]
    assert [(point["cpu_percent"], point["load_1m"], point["samples"]) for point in series["points"]] == [
        (10, 10, 360), (20, 20, 360),
    ]  # fmt: skip
    whole = ask(api.person(), from_=ago(days=101), to=ago(days=99), step=86_400 * 30).get_json()["hosts"][0]["points"]
    assert [point["cpu_percent"] for point in whole] == [15]


@pytest.mark.parametrize(("days", "step"), [(1, 60), (2, 300), (29, 3600), (60, 3600), (365, 21_600), (3650, 604_800)])
def test_the_step_is_the_finest_of_few_points(api: Api, days: int, step: int) -> None:
    assert ask(api.person(), from_=ago(days=days), to=ago(days=0)).get_json()["step"] == step


@pytest.mark.parametrize(
    ("query", "field"),
    [({"step": 59}, "step"), ({"step": "x"}, "step"), ({"host": ""}, "host"), ({"host": "x" * 256}, "host"),
     ({"from": "yesterday"}, "from"), ({"from": "2026-01-01T00:00:00"}, "from"),
     ({"from": "2001-01-01T00:00:00Z", "step": "60"}, "step"), ({"from": "2100-01-01T00:00:00Z"}, "from"),
     ({"from": "2001-01-01T00:00:00Z", "step": "3600"}, "step"),
     ({"to": "1767225600"}, "to"), ({"since": "2026-01-01T00:00:00Z"}, "since"), ({"host": "\u0000"}, "host")],
    ids=str,
)  # fmt: skip
def test_a_fault_is_told_by_its_field(api: Api, query: dict[str, Any], field: str) -> None:
    assert faults(ask(api.person(), **query)) == [field]


def test_only_who_is_signed_in_reads(api: Api) -> None:
    assert api.call("GET", METRICS).status_code == 401
