"""Everything an operator may change about auth."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from auth.journal.addresses import FORMS as ADDRESS_FORMS
from auth.loans.terms import LendingSettings
from common.addresses import NOTHING, Allowed, parse_allowed
from common.networks import LOOPBACK
from common.settings import Network, boolean, choice, folder, integer, networks, port, read, setting, text, url, words
from common.thresholds import Thresholds

DATABASE_DEMO = "postgresql://watchhouse_auth:watchhouse_auth_demo_pass@127.0.0.1:55432/metrics"


@dataclass(frozen=True)
class Settings(Thresholds, LendingSettings):
    """The settings of auth, as `read_settings` builds them."""

    is_demo: bool = setting(
        "WATCHHOUSE_DEMO", boolean, "A demo: demo people, default secrets, a mailbox page", default="0"
    )
    data: Path = setting(
        "WATCHHOUSE_DATA", folder, "The data folder, shared with the collector of this host", default="data"
    )
    database_url: str = setting(
        "DATABASE_URL",
        url("postgresql", "postgres"),
        "PostgreSQL, as the role watchhouse_auth",
        demo=DATABASE_DEMO,
        secret=True,
    )
    host: str = setting("AUTH_HOST", text, "The address to listen on", default="127.0.0.1")
    port: int = setting("AUTH_PORT", port, "The port to listen on", default="5000")
    workers: int = setting("AUTH_WORKERS", integer(1, 64), "Worker processes", default="2")
    threads: int = setting("AUTH_THREADS", integer(2, 64), "Threads of a worker", default="8")
    public_url: str = setting(
        "PUBLIC_URL",
        url("http", "https"),
        "Where people reach this service; links in mails start with it",
        default="http://localhost:5000",
    )
    secret_key: str = setting(
        "SECRET_KEY",
        text,
        "Signs tokens and cookies; 32 bytes or more",
        demo="watchhouse-demo-secret-key-known-to-everybody",
        secret=True,
    )
    device_key: str = setting(
        "DEVICE_KEY",
        text,
        "Master of the locks' MQTT passwords and command keys; the collector has the same; 32 bytes or more",
        demo="watchhouse-demo-device-key-known-to-everybody",
        secret=True,
    )
    pin_pepper: str = setting(
        "PIN_PEPPER",
        text,
        "Master of the keys by which codes are checked, and of the locks' bearers; 32 bytes or more",
        demo="watchhouse-demo-pin-pepper-known-to-everybody",
        secret=True,
    )
    mqtt_public_url: str = setting(
        "MQTT_PUBLIC_URL",
        url("mqtt", "mqtts"),
        "Where locks reach the broker; told to who claims one",
        default="mqtt://localhost:1883",
    )
    allowed_hosts: tuple[str, ...] = setting(
        "ALLOWED_HOSTS",
        words,
        "Host names this service answers to; * for any",
        default="localhost,127.0.0.1,[::1]",
        demo="*",
    )
    trusted_proxies: tuple[Network, ...] = setting(
        "TRUSTED_PROXIES", networks, "Proxies whose X-Forwarded-For is believed", default=""
    )
    rate_limit: int = setting(
        "RATE_LIMIT_PER_MINUTE", integer(1, 1_000_000), "Requests a minute for a user, else an address", default="600"
    )
    rate_limit_exempt: tuple[Network, ...] = setting(
        "RATE_LIMIT_EXEMPT", networks, "Networks without a request limit", default="", demo=LOOPBACK
    )
    metrics_token: str = setting(
        "METRICS_TOKEN", text, "Bearer token that opens /metrics", default="", demo="", secret=True
    )
    metrics_networks: tuple[Network, ...] = setting(
        "METRICS_NETWORKS", networks, "Networks that may read /metrics", default=LOOPBACK, demo="0.0.0.0/0,::/0"
    )
    staff_networks: tuple[Network, ...] = setting(
        "STAFF_NETWORKS", networks, "Networks that staff paths are limited to", default="0.0.0.0/0,::/0"
    )
    access_minutes: int = setting("ACCESS_TOKEN_MINUTES", integer(1, 1440), "Life of an access token", default="15")
    login_minutes: int = setting(
        "LOGIN_TOKEN_MINUTES", integer(1, 1440), "Life of a token from /login, which cannot be refreshed", default="60"
    )
    refresh_days: int = setting("REFRESH_TOKEN_DAYS", integer(1, 365), "Life of an unused refresh token", default="7")
    metrics_users: int = setting(
        "METRICS_NAMED_USERS", integer(0, 100_000), "Users named in metrics; later ones are `other`", default="10000"
    )
    address_form: str = setting(
        "REQUEST_LOG_IP",
        choice(*ADDRESS_FORMS),
        "Clients' addresses in the request log: full, truncated to /24 or /48, or hashed under SECRET_KEY",
        default="full",
    )
    journal_megabytes: int = setting(
        "JOURNAL_MAX_MB",
        integer(1, 1_000_000),
        "Room for requests that the collector has not read yet; past it they are served, and their lines lost",
        default="1024",
    )
    listed_allow: Allowed | None = setting(
        "PROBE_ALLOW",
        parse_allowed,
        "Addresses that may be probed though not public: network, network:port or host:port, by commas; or `none`",
        default=None,
    )
    log_level: str = setting(
        "LOG_LEVEL", choice("DEBUG", "INFO", "WARNING", "ERROR"), "Events below this are not logged", default="INFO"
    )
    log_form: str = setting(
        "LOG_FORMAT", choice("auto", "json", "plain"), "JSON lines, or plain ones for a terminal", default="auto"
    )

    @property
    def probe_allow(self) -> Allowed:
        """What may be watched besides public addresses; in a demo, unless told otherwise, this very service."""
        if self.listed_allow is not None or not self.is_demo:
            return self.listed_allow or NOTHING
        return parse_allowed(f"127.0.0.1:{self.port}")


@dataclass(frozen=True)
class OwnerSettings:
    """What `python -m auth migrate` needs: the owner's URL and a password for each role that runs."""

    owner_url: str = setting(
        "DATABASE_URL",
        url("postgresql", "postgres"),
        "PostgreSQL, as the role that owns the schema",
        demo="postgresql://metrics:metrics_pass@127.0.0.1:55432/metrics",
        secret=True,
    )
    auth_password: str = setting(
        "AUTH_DATABASE_PASSWORD",
        text,
        "Password of the role watchhouse_auth",
        demo="watchhouse_auth_demo_pass",
        secret=True,
    )
    collector_password: str = setting(
        "COLLECTOR_DATABASE_PASSWORD",
        text,
        "Password of the role watchhouse_collector",
        demo="watchhouse_collector_demo_pass",
        secret=True,
    )
    reader_password: str = setting(
        "READER_DATABASE_PASSWORD",
        text,
        "Password of the role watchhouse_reader (Grafana)",
        demo="watchhouse_reader_demo_pass",
        secret=True,
    )
    monitor_password: str = setting(
        "MONITOR_DATABASE_PASSWORD",
        text,
        "Password of the role watchhouse_monitor (the exporter)",
        demo="watchhouse_monitor_demo_pass",
        secret=True,
    )


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Auth's settings from `environment`; raises SettingsError with every fault."""
    return read(Settings, environment)
