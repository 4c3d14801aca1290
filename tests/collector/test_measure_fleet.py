"""The fleet's figures as a scraper sees them: whatever the number of locks, so many series."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from collector.job import Context
from collector.jobs import measure_fleet

OWNER = "INSERT INTO app_users (email, password_hash) VALUES ('anna@example.com', '')"
DEVICES = """INSERT INTO devices (device_id, name, owner_id, status, deleted_at)
    SELECT 'lock-' || n, 'Door ' || n, id, CASE n WHEN 3 THEN 'INACTIVE' ELSE 'ACTIVE' END, CASE n WHEN 6 THEN now() END
    FROM app_users, generate_series(1, 6) n"""
STATES = """
    INSERT INTO device_states (device_id, is_online, is_locked, is_jammed, is_battery_low, battery_level, last_seen_at)
    SELECT d.id, s.is_online, is_locked, is_jammed, is_low, battery, heard_at FROM (VALUES
        ('lock-1', true, true, false, false, 100, now() - interval '10 s'),
        ('lock-2', true, false, true, false, 20, now() - interval '80 s'),
        ('lock-3', true, true, false, true, 5, now() - interval '100 s'),
        ('lock-4', false, true, false, false, NULL, NULL),
        ('lock-5', false, true, false, false, 21, now() - interval '30 days'),
        ('lock-6', true, true, true, true, 1, now())
    ) AS s (name, is_online, is_locked, is_jammed, is_low, battery, heard_at) JOIN devices d ON d.device_id = s.name"""
EVENTS = """
    INSERT INTO alerts (rule, subject, device_id, severity, message, resolved_at)
    SELECT 'jam', 'device:' || id, id, 'critical', '', CASE device_id WHEN 'lock-1' THEN now() END FROM devices;
    INSERT INTO alerts (rule, subject, severity, message) VALUES ('login_brute_force', 'account:00', 'critical', ''),
        ('cpu', 'host:anna', 'critical', '');
    INSERT INTO dead_letters (received_at, topic, payload, payload_bytes, reason)
    SELECT now() - n * interval '50 minutes', '', '', 0, '' FROM generate_series(1, 3) n"""


@pytest.fixture
def scraped(database: Any, context_for: Callable[..., Context[Any]]) -> CollectorRegistry:
    """What is shown after one look at six devices, one of them deleted."""
    for statement in (OWNER, DEVICES, STATES, EVENTS):
        database.rows(statement)
    registry = CollectorRegistry()
    context = replace(context_for(measure_fleet.JOB), metrics=measure_fleet.Metrics(registry))
    measure_fleet.run(context)
    return registry


def test_the_fleet_is_shown_by_state_battery_and_silence(scraped: CollectorRegistry) -> None:
    def value(name: str, **labels: str) -> float | None:
        return scraped.get_sample_value(name, labels)

    states = {state: value("watchhouse_locks", state=state) for state in measure_fleet.STATES}
    assert states == {
        "online": 2, "offline": 3, "locked": 4, "unlocked": 1, "jammed": 1, "battery_low": 1, "inactive": 1
    }  # fmt: skip
    battery = {
        le: value("watchhouse_locks_battery_ratio_bucket", le=le) for le in ("0.05", "0.2", "0.25", "1.0", "+Inf")
    }
    assert battery == {"0.05": 1, "0.2": 2, "0.25": 3, "1.0": 4, "+Inf": 4}
    assert value("watchhouse_locks_battery_ratio_sum") == pytest.approx(1.46)
    silence = {le: value("watchhouse_locks_silence_seconds_bucket", le=le) for le in ("15.0", "90.0", "300.0", "+Inf")}
    assert silence == {"15.0": 1, "90.0": 2, "300.0": 3, "+Inf": 4}
    kinds = {
        kind: value("watchhouse_security_alerts_open", kind=kind) for kind in ("jam", "login_brute_force", "tamper")
    }
    assert kinds == {"jam": 5, "login_brute_force": 1, "tamper": 0}
    assert value("watchhouse_dead_letters_recent") == 1


def test_the_figures_keep_to_the_rules_of_naming(scraped: CollectorRegistry) -> None:
    printed = generate_latest(scraped)
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=printed, capture_output=True, check=False, timeout=30
    )
    assert (checked.returncode, checked.stderr) == (0, b"")
    assert printed.count(b"\n") < 100
