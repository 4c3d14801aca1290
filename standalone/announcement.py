"""What a user reads once all is healthy: where everything is, and how to sign in to a demo. Plain text."""

import click

from standalone.broker import IOTCORE, MISSING
from standalone.monitoring import find_program
from standalone.settings import LOOPBACK, Settings, reachable

DEMO_PEOPLE = (("admin@example.com", "admin"), ("user@example.com", "user"))


def announce(settings: Settings, auth_url: str, broker: str | None) -> None:
    """Print it."""
    lines = [
        "",
        "Watchhouse is up.",
        "",
        *(f"  {name:<14}{address}" for name, address in _addresses(settings, auth_url, broker)),
        "",
    ]
    if settings.demo:
        lines += [
            "This is a demo: its people and secrets are known to everybody. Sign in as",
            "",
            *(f"  {email:<20}{password}" for email, password in DEMO_PEOPLE),
            "",
        ]
    elif settings.database_url is None:
        database = f"postgresql://watchhouse_auth:$(cat {settings.data}/secrets/auth_database_password)"
        lines += [
            "The first administrator is made by",
            "",
            f"  DATABASE_URL={database}@{LOOPBACK}:{settings.postgres_port}/metrics \\",
            "    python -m auth create-admin EMAIL",
            "",
        ]
    if broker == IOTCORE:
        lines += [
            "There is no program mosquitto on this machine, so the broker is only one to look around with. It has no",
            *(f"  - {thing}" for thing in MISSING),
            "",
        ]
    lines += [f"Data and logs are in {settings.data}. Ctrl-C stops everything.", ""]
    click.echo("\n".join(lines))


def _addresses(settings: Settings, auth_url: str, broker: str | None) -> list[tuple[str, str]]:
    collector = f"http://{reachable(settings.collector_host)}:{settings.collector_port}"
    found = [
        ("API", auth_url),
        ("API reference", f"{auth_url}/docs"),
        ("status page", f"{auth_url}/health/status-page/"),
        ("staff pages", f"{auth_url}/admin/"),
        ("your pages", f"{auth_url}/home/"),
        ("metrics", f"{auth_url}/metrics and {collector}/metrics"),
        (
            "PostgreSQL",
            "the one that DATABASE_URL names"
            if settings.database_url
            else f"{LOOPBACK}:{settings.postgres_port} (database metrics, role metrics)",
        ),
        ("MQTT", f"{LOOPBACK}:{settings.mqtt_port} ({broker})" if broker else "the one that MQTT_URL names"),
    ]
    monitoring = (
        ("Prometheus", "prometheus", settings.prometheus_port),
        ("Alertmanager", "alertmanager", settings.alertmanager_port),
        ("exporter", "exporter", settings.exporter_port),
    )
    found += [(name, f"http://{LOOPBACK}:{port}") for name, program, port in monitoring if find_program(program)]
    return found
