"""Every query of every panel, asked of the running house under the generator as Grafana would ask it."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
import requests

from tests.grafana import dashboards
from tests.support.waiting import wait_for

CHECKS = "watchhouse_endpoint_checks_total"
LIMIT_SECONDS = 150  # a rate wants two scrapes, 15 s apart; requests by minute want two full minutes
MINUTES = 60  # a dashboard is looked at for an hour; the house of the tests is younger


@pytest.fixture(scope="module", autouse=True)
def checked_again(platform: Any) -> None:
    """All endpoints are checked once more after Prometheus saw them: some would wait minutes for a slot.

    And a member of staff looks at a monitor twice, so that the cache is read.
    """
    account = {"email": "admin@example.com", "password": "admin"}
    token = requests.post(platform.auth_url + "/login", json=account, timeout=20).json()["token"]
    wait_for(
        lambda: len(ask(platform, "query", query=CHECKS)["result"]), seconds=LIMIT_SECONDS, what="endpoints are seen"
    )
    path, signed = "/health/api/run-health-checks/?wait=30", {"Authorization": f"Bearer {token}"}
    assert requests.post(platform.auth_url + path, headers=signed, timeout=40).ok
    for _ in range(2):
        assert requests.get(platform.auth_url + "/api/analytics/monitor/books/", headers=signed, timeout=20).ok


def ask(platform: Any, path: str, **values: str) -> Any:
    """What Prometheus' API answers."""
    answer = requests.get(f"{platform.prometheus_url}/api/v1/{path}", params=values, timeout=10)
    assert answer.ok, answer.text
    return answer.json()["data"]


def series(platform: Any, query: dashboards.Query) -> list[float]:
    """The values that Prometheus has for a query now, or over the last hour."""
    found = variables(platform, query.dashboard)
    if found is None:
        return []
    expression = dashboards.as_promql(query, found)
    if query.target["instant"]:
        samples = [series["value"] for series in ask(platform, "query", query=expression)["result"]]
    else:
        now = datetime.now(UTC)
        ranged = ask(
            platform,
            "query_range",
            query=expression,
            start=(now - timedelta(minutes=MINUTES)).isoformat(),
            end=now.isoformat(),
            step=f"{dashboards.STEP_SECONDS}s",
        )
        samples = [sample for series in ranged["result"] for sample in series["values"]]
    return [number for _, text in samples if math.isfinite(number := float(text))]


def rows(platform: Any, query: dashboards.Query) -> list[tuple[Any, ...]]:
    """The rows that the reader gets for a query."""
    found = variables(platform, query.dashboard)
    if found is None:
        return []
    now = datetime.now(UTC)
    connection = psycopg2.connect(platform.database.reader_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(dashboards.as_sql(query, now - timedelta(minutes=MINUTES), now, found))
            return cursor.fetchall()
    finally:
        connection.close()


def variables(platform: Any, name: str) -> dict[str, str] | None:
    """The dashboard's variables as Grafana fills them: all values, else the first; None while one has no value."""
    found = {}
    for variable in dashboards.variables_of(name):
        values = ask(platform, f"label/{variable.label}/values", **{"match[]": variable.selector})
        if not values:
            return None
        found[variable.name] = variable.all_value or values[0]
    return found


@pytest.mark.parametrize("query", [query for query in dashboards.queries() if not query.is_sql], ids=str)
def test_a_panels_query_of_prometheus_returns_data(query, platform):
    assert wait_for(lambda: series(platform, query), seconds=LIMIT_SECONDS, what=query.target["expr"])


@pytest.mark.parametrize("query", [query for query in dashboards.queries() if query.is_sql], ids=str)
def test_a_panels_query_of_postgresql_returns_data_to_the_reader(query, platform):
    def whole() -> list[tuple[Any, ...]]:
        return [row for row in rows(platform, query) if None not in row]

    assert wait_for(whole, seconds=LIMIT_SECONDS, what=query.target["rawSql"])


@pytest.mark.parametrize(
    "table",
    ["sessions", "outbox", "one_time_tokens", "idempotency_keys", "app_users", "request_log", "quarantined_lines"],
)
def test_grafanas_role_reads_nothing_personal(table, platform):
    connection = psycopg2.connect(platform.database.reader_url)
    try:
        with connection.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(f"SELECT * FROM {table}")
    finally:
        connection.close()
