"""Configuration and rules as files: the tools of Prometheus find no fault, and every alert is seen to fire."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / "prometheus"
RULES = sorted((FOLDER / "rules").glob("*.yml"))
TESTS = sorted((FOLDER / "tests").glob("*.yml"))


def run(*command: str | Path) -> str:
    """What a tool says, when it finds no fault."""
    ended = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def named(kind: str) -> list[dict[str, Any]]:
    """All rules of a kind, `alert` or `record`."""
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def rule_tests() -> list[dict[str, Any]]:
    """All tests of rules."""
    return [test for path in TESTS for test in yaml.safe_load(path.read_text())["tests"]]


def test_prometheus_takes_its_configuration():
    assert "SUCCESS" in run("promtool", "check", "config", FOLDER / "prometheus.yml")


def test_alertmanager_takes_its_configuration():
    assert "SUCCESS" in run("amtool", "check-config", FOLDER / "alertmanager.yml")


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_rules_are_without_fault(path):
    assert "SUCCESS" in run("promtool", "check", "rules", "--lint=all", "--lint-fatal", path)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(path):
    assert "SUCCESS" in run("promtool", "test", "rules", path)


def test_every_alert_is_seen_to_fire_in_a_test():
    cases = [case for test in rule_tests() for case in test.get("alert_rule_test", [])]
    fired = {case["alertname"] for case in cases if case.get("exp_alerts")}
    assert fired == {rule["alert"] for rule in named("alert")}


def test_every_record_is_seen_in_a_test():
    expressions = "\n".join(case["expr"] for test in rule_tests() for case in test.get("promql_expr_test", []))
    assert [rule["record"] for rule in named("record") if rule["record"] not in expressions] == []


def test_every_record_reads_the_window_it_is_named_by():
    windows = {
        rule["record"]: set(re.findall(r"\[(\w+)\]", rule["expr"])) for rule in named("record") if "[" in rule["expr"]
    }
    assert windows == {record: {re.search(r"rate(\w+)$", record)[1]} for record in windows}


def test_every_alert_says_how_bad_it_is_and_what_happened():
    for rule in named("alert"):
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]


def test_targets_and_alertmanagers_come_from_files_beside_the_configuration():
    configuration = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    [scraped], [alerted] = configuration["scrape_configs"], configuration["alerting"]["alertmanagers"]
    assert scraped["file_sd_configs"] == [{"files": ["targets.yml"]}]
    assert alerted["file_sd_configs"] == [{"files": ["alertmanagers.yml"]}]
    assert configuration["global"]["scrape_interval"] == "15s"
    jobs = {target["labels"]["job"] for target in yaml.safe_load((FOLDER / "targets.yml").read_text())}
    assert jobs == {"auth", "collector", "postgres", "prometheus", "alertmanager"}
