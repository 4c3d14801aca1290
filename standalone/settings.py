"""What `python -m standalone` reads from its environment.

Settings that only one child reads (SMTP_URL, ALLOWED_HOSTS, …) pass through to it and are not read here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from common.settings import boolean, choice, folder, port, setting, text, url

LOOPBACK = "127.0.0.1"
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  (compared with, never listened on)


@dataclass(frozen=True)
class Settings:
    """The settings of a whole system on one machine."""

    demo: bool = setting("WATCHHOUSE_DEMO", boolean, "Demo people and default secrets.", default="1", demo="1")
    data: Path = setting("WATCHHOUSE_DATA", folder, "Where everything that is kept is kept.", default="data")
    log_level: str = setting(
        "LOG_LEVEL", choice("DEBUG", "INFO", "WARNING", "ERROR"), "How much to tell.", default="INFO"
    )
    log_format: str = setting("LOG_FORMAT", choice("auto", "json", "plain"), "How to tell it.", default="auto")

    database_url: str | None = setting(
        "DATABASE_URL",
        url("postgresql", "postgres"),
        secret=True,
        default=None,
        help="The owner's URL of a PostgreSQL to use; without it one is started here.",
    )
    mqtt_url: str | None = setting(
        "MQTT_URL",
        url("mqtt", "mqtts"),
        secret=True,
        default=None,
        help="The collector's URL of a broker to use; without it one is started here.",
    )
    has_generator: bool = setting("GENERATOR", boolean, "Whether simulated people use the service.", default="on")

    auth_host: str = setting("AUTH_HOST", text, "The address that auth listens on.", default=LOOPBACK)
    collector_host: str = setting(
        "COLLECTOR_HOST", text, "The address that the collector listens on.", default=LOOPBACK
    )
    auth_port: int = setting("AUTH_PORT", port, "The port of auth.", default="5000")
    collector_port: int = setting("COLLECTOR_PORT", port, "The port of the collector.", default="9101")
    postgres_port: int = setting("POSTGRES_PORT", port, "The port of our PostgreSQL.", default="55432")
    mqtt_port: int = setting("MQTT_PORT", port, "The port of our broker.", default="1883")
    prometheus_port: int = setting("PROMETHEUS_PORT", port, "The port of Prometheus.", default="9090")
    alertmanager_port: int = setting("ALERTMANAGER_PORT", port, "The port of Alertmanager.", default="9093")
    exporter_port: int = setting("EXPORTER_PORT", port, "The port of the postgres exporter.", default="9187")

    secret_key: str = setting("SECRET_KEY", text, "Signs tokens; made and kept in a demo.", secret=True, demo="")
    device_key: str = setting(
        "DEVICE_KEY", text, "Master of the locks' keys; made and kept in a demo.", secret=True, demo=""
    )
    pin_pepper: str = setting(
        "PIN_PEPPER", text, "Master of the codes' keys; made and kept in a demo.", secret=True, demo=""
    )
    metrics_password: str = setting(
        "METRICS_PASSWORD", text, "Of the role that owns our database.", secret=True, default="", demo="metrics_pass"
    )
    auth_password: str = setting(
        "AUTH_DATABASE_PASSWORD", text, "Of the role watchhouse_auth.", secret=True, default=""
    )
    collector_password: str = setting(
        "COLLECTOR_DATABASE_PASSWORD", text, "Of the role watchhouse_collector.", secret=True, default=""
    )
    reader_password: str = setting(
        "READER_DATABASE_PASSWORD", text, "Of the role watchhouse_reader.", secret=True, default=""
    )
    monitor_password: str = setting(
        "MONITOR_DATABASE_PASSWORD", text, "Of the role watchhouse_monitor.", secret=True, default=""
    )


def reachable(host: str) -> str:
    """The address by which we ourselves reach something that listens on `host`."""
    return LOOPBACK if host in EVERY_ADDRESS else host


def with_defaults(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment`, as a demo unless it says otherwise."""
    return {**environment, "WATCHHOUSE_DEMO": environment.get("WATCHHOUSE_DEMO") or "1"}


def describe_settings() -> str:
    """What the environment may hold, a line each, as click prints it unchanged."""
    lines = [f"{field.metadata['name']:<28}{field.metadata['help']}" for field in fields(Settings)]
    return "\b\n" + "\n".join(["Settings, from the environment:", *(f"  {line}" for line in lines)])
