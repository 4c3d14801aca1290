"""A real Prometheus looks at the running house: it reaches all, computes all rules, and reads well-formed metrics."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.support.waiting import wait_for

LIMIT_SECONDS = 100  # a rate wants two scrapes, 15 s apart
RULES = sorted((Path(__file__).resolve().parents[2] / "prometheus" / "rules").glob("*.yml"))
JOBS = {"auth", "collector", "postgres", "prometheus", "alertmanager"}
RECORD_OR_TEXT = re.compile(r"[\w:]*:\w+(:\w+)?|\"[^\"]*\"")
SELDOM = {  # a demo has neither a certificate nor a channel
    "watchhouse_channel_up",
    "watchhouse_endpoint_certificate_expiry_timestamp_seconds",
}
MISNAMED = ["library_active_users_total", "library_available_books_total"]  # gauges, whose names the contract fixes
METRIC = re.compile(r"\b(?:watchhouse|flask|library|user|pg)_\w+\b")


def ask(platform: Any, path: str, **values: str) -> Any:
    """What Prometheus' API answers."""
    answer = requests.get(f"{platform.prometheus_url}/api/v1/{path}", params=values, timeout=10)
    assert answer.ok, answer.text
    return answer.json()["data"]


def value_of(platform: Any, expression: str) -> float | None:
    """The one value of an expression now, or None while there is none."""
    found = ask(platform, "query", query=expression)["result"]
    return float(found[0]["value"][1]) if found else None


def metrics_of_rules() -> list[str]:
    """The names of all metrics that a rule reads."""
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    texts = [RECORD_OR_TEXT.sub("", rule["expr"]) for group in groups for rule in group["rules"]]
    return sorted({name for text in texts for name in METRIC.findall(text)})


def test_every_target_is_reached(platform):
    def reached() -> set[str]:
        targets = ask(platform, "targets")["activeTargets"]
        return {target["labels"]["job"] for target in targets if target["health"] == "up"}

    wait_for(lambda: reached() == JOBS, seconds=LIMIT_SECONDS, what="all targets up")
    assert reached() == JOBS


def test_alertmanager_is_told(platform):
    found = wait_for(lambda: ask(platform, "alertmanagers")["activeAlertmanagers"], seconds=LIMIT_SECONDS)
    assert [one["url"].startswith(platform.alertmanager_url) for one in found] == [True]


def test_every_rule_is_computed_without_an_error(platform):
    def healths() -> list[str]:
        return [rule["health"] for group in ask(platform, "rules")["groups"] for rule in group["rules"]]

    found = wait_for(lambda: "unknown" not in healths() and healths(), seconds=LIMIT_SECONDS, what="rules are computed")
    assert set(found) == {"ok"}


@pytest.mark.parametrize("name", metrics_of_rules())
def test_every_metric_of_a_rule_exists(name, platform):
    def found() -> Any:
        if name in SELDOM:
            return ask(platform, "metadata", metric=name)
        return ask(platform, "query", query=f"count({name})")["result"]

    assert wait_for(found, seconds=LIMIT_SECONDS, what=name)


@pytest.mark.parametrize(
    "record",
    [
        "job:flask_http_request:rate5m",
        "job:flask_http_request_duration_seconds:p95_rate5m",
        "sum(action:user_actions:rate5m)",
    ],
)
def test_people_are_seen_in_the_records(record, platform):
    assert wait_for(lambda: value_of(platform, record), seconds=LIMIT_SECONDS, what=record) > 0


def test_a_service_without_failures_has_an_error_rate_below_the_alarm(platform):
    found = wait_for(
        lambda: ask(platform, "query", query="job:flask_http_request_errors:ratio_rate5m")["result"],
        seconds=LIMIT_SECONDS,
    )
    assert float(found[0]["value"][1]) < 0.05


@pytest.mark.parametrize(("process", "misnamed"), [("auth", MISNAMED), ("collector", [])], ids=["auth", "collector"])
def test_metrics_keep_to_the_rules_of_naming(process, misnamed, platform):
    printed = requests.get(f"{getattr(platform, process + '_url')}/metrics", timeout=10)
    assert printed.ok
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=printed.text, capture_output=True, text=True, check=False, timeout=30
    )
    found = [line.split(maxsplit=1) for line in (checked.stdout + checked.stderr).splitlines()]
    assert sorted(name for name, _ in found) == misnamed
    assert all('"_total" suffix' in reason for _, reason in found)
