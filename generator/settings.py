"""What the generator reads from its environment; everything else is an option of its command line."""

from dataclasses import dataclass

from common.settings import setting, text, url


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
        "Who reads the service's analytics, to hold what was sent against them; without, that is left out.",
        default="",
        demo="admin@example.com",
    )
    staff_password: str = setting("STAFF_PASSWORD", text, "The password of STAFF_EMAIL.", default="admin", secret=True)
