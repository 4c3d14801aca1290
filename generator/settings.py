"""What the generator reads from its environment; everything else is an option of its command line."""

from dataclasses import dataclass
from pathlib import Path

from common.settings import folder, setting, text, url


def optional_url(raw: str) -> str:
    """Of a broker; none for an empty one."""
    return str(url("mqtt", "mqtts")(raw)) if raw else ""


@dataclass(frozen=True)
class Settings:
    """The generator's settings."""

    target_url: str = setting(
        "TARGET_URL",
        url("http", "https"),
        "The service that the simulated people use.",
        default="http://127.0.0.1:5000",
    )
    metrics_token: str = setting(
        "METRICS_TOKEN", text, "Bearer token for /metrics, where the service wants one.", default="", secret=True
    )
    staff_email: str = setting(
        "STAFF_EMAIL",
        text,
        "Who verifies people, and reads the analytics to hold what was sent against them; without, both are left out.",
        default="",
        demo="admin@example.com",
    )
    staff_password: str = setting("STAFF_PASSWORD", text, "The password of STAFF_EMAIL.", default="admin", secret=True)
    data: Path = setting(
        "WATCHHOUSE_DATA",
        folder,
        "The folder in which the simulated locks keep what they must not forget",
        default="data",
    )
    mqtt_url: str = setting(
        "FLEET_MQTT_URL",
        optional_url,
        "Where the simulated locks find the broker, when what the service tells owners cannot be reached from here.",
        default="",
    )
    mqtt_password: str = setting(
        "FLEET_MQTT_PASSWORD",
        text,
        "For a broker without accounts for each lock: the one of `fleet`; else each lock has its own.",
        default="",
        secret=True,
    )
    owner_email: str = setting(
        "LOCK_OWNER_EMAIL",
        text,
        "Who owns the first three simulated locks; without, simulated people own them all.",
        default="",
        demo="user@example.com",
    )
    owner_password: str = setting(
        "LOCK_OWNER_PASSWORD", text, "The password of LOCK_OWNER_EMAIL.", default="user", secret=True
    )
