"""Everything an operator may change about the collector."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from collector.mail import MailServer, mail_server
from common.addresses import NOTHING, PORTS, Allowed, parse_allowed
from common.networks import LOOPBACK
from common.settings import (
    Network,
    boolean,
    choice,
    folder,
    integer,
    networks,
    number,
    optional_path,
    port,
    read,
    setting,
    text,
    url,
    words,
)
from common.thresholds import Thresholds

DATABASE_DEMO = "postgresql://watchhouse_collector:watchhouse_collector_demo_pass@127.0.0.1:55432/metrics"


def sender(raw: str) -> str:
    """An address, with or without a name: `Watchhouse <house@example.com>`."""
    if "@" not in parseaddr(raw)[1] or len(raw.splitlines()) > 1:
        raise ValueError(f"must be an e-mail address, not {raw!r}")
    return raw


def recipients(raw: str) -> tuple[str, ...]:
    """E-mail addresses parted by commas."""
    return tuple(sender(word) for word in words(raw))


@dataclass(frozen=True)
class Settings(Thresholds):
    """The settings of the collector, as `read_settings` builds them."""

    is_demo: bool = setting(
        "WATCHHOUSE_DEMO", boolean, "A demo: default secrets, mail goes to the mailbox page", default="0"
    )
    data: Path = setting("WATCHHOUSE_DATA", folder, "The data folder, shared with auth on this host", default="data")
    database_url: str = setting(
        "DATABASE_URL",
        url("postgresql", "postgres"),
        "PostgreSQL, as the role watchhouse_collector",
        demo=DATABASE_DEMO,
        secret=True,
    )
    given_name: str = setting(
        "COLLECTOR_NAME", text, "This collector's name, and its host's in figures; else the host's own", default=""
    )
    host: str = setting("COLLECTOR_HOST", text, "The address to listen on", default="127.0.0.1")
    port: int = setting("COLLECTOR_PORT", port, "The port to listen on", default="9101")
    mqtt_url: str | None = setting(
        "MQTT_URL",
        url("mqtt", "mqtts"),
        "The broker, with user and password; not looked at without",
        default=None,
        secret=True,
    )
    mail_server: MailServer | None = setting(
        "SMTP_URL", mail_server, "The mail server: smtp://, smtps:// or smtp+starttls://", default=None, secret=True
    )
    mail_from: str = setting("MAIL_FROM", sender, "The sender of mails", default="Watchhouse <watchhouse@localhost>")
    report_to: tuple[str, ...] = setting(
        "REPORT_TO", recipients, "E-mail addresses, by commas, that the daily report is mailed to", default=""
    )
    auth_url: str = setting(
        "AUTH_URL",
        url("http", "https"),
        "Where this collector reaches auth, to probe it",
        default="http://127.0.0.1:5000",
    )
    listed_allow: Allowed | None = setting(
        "PROBE_ALLOW",
        parse_allowed,
        "Addresses that may be probed though not public: network, network:port or host:port, by commas; or `none`",
        default=None,
    )
    probes_at_once: int = setting(
        "PROBES_AT_ONCE", integer(1, 10_000), "How many probes may run at once", default="1000"
    )
    probes_per_host: int = setting(
        "PROBES_PER_HOST", integer(1, 10_000), "How many of them to one host and port", default="50"
    )
    public_url: str | None = setting(
        "PUBLIC_URL", url("http", "https"), "Where people reach auth, for links in notifications", default=None
    )
    incident_after_minutes: int = setting(
        "INCIDENT_AFTER_MINUTES", integer(1, 1440), "An outage of this length becomes an incident", default="10"
    )
    alert_cpu: int = setting(
        "ALERT_THRESHOLDS_CPU", integer(1, 100), "Alert when more % of a host's CPU is used for 5 minutes", default="90"
    )
    alert_memory: int = setting(
        "ALERT_THRESHOLDS_MEMORY", integer(1, 100), "Alert when more % of its memory is used so long", default="90"
    )
    alert_disk: int = setting(
        "ALERT_THRESHOLDS_DISK", integer(1, 100), "Alert when more % of its disk is used so long", default="90"
    )
    alert_slow_minutes: int = setting(
        "ALERT_THRESHOLDS_SLOW_MINUTES",
        integer(1, 1440),
        "Alert when an endpoint's P95 over so many minutes is above what it calls degraded",
        default="10",
    )
    alert_collector_silent: int = setting(
        "ALERT_THRESHOLDS_COLLECTOR_SILENT",
        integer(15, 86_400),
        "Alert when a collector is silent for more seconds",
        default="60",
    )
    alert_certificate_days: int = setting(
        "ALERT_THRESHOLDS_CERTIFICATE_DAYS",
        integer(0, 365),
        "Alert when a certificate ends in fewer days",
        default="14",
    )
    alert_reminder_hours: int = setting(
        "ALERT_REMINDER_HOURS", integer(1, 168), "Hours between reminders of an alert that lasts", default="4"
    )
    reservation_hold_days: float = setting(
        "RESERVATION_HOLD_DAYS", number(0, 365), "Days for which a copy is held for who waited", default="3"
    )
    device_key: str = setting(
        "DEVICE_KEY",
        text,
        "Master of the locks' MQTT passwords and command keys; auth has the same; 32 bytes or more",
        demo="watchhouse-demo-device-key-known-to-everybody",
        secret=True,
    )
    broker_accounts: Path | None = setting(
        "BROKER_ACCOUNTS",
        optional_path,
        "Mosquitto's password file, which the collector writes; none: locks are let in by other means",
        default="",
    )
    broker_pid_file: Path | None = setting(
        "BROKER_PID_FILE",
        optional_path,
        "Where Mosquitto wrote its process number, to be told of new accounts; none: it watches the file itself",
        default="",
    )
    staff_email: str = setting(
        "STAFF_EMAIL",
        text,
        "Who `test-monitoring` signs in as, to see the monitors as staff does; without, that is left out",
        default="",
        demo="admin@example.com",
    )
    given_staff_password: str = setting("STAFF_PASSWORD", text, "The password of STAFF_EMAIL", default="", secret=True)
    metrics_token: str = setting(
        "METRICS_TOKEN", text, "Bearer token that opens the collector's port", default="", demo="", secret=True
    )
    metrics_networks: tuple[Network, ...] = setting(
        "METRICS_NETWORKS",
        networks,
        "Networks that may read the collector's port",
        default=LOOPBACK,
        demo="0.0.0.0/0,::/0",
    )
    host_proc: Path = setting("HOST_PROC", folder, "The /proc of the host that is measured", default="/proc")
    host_disk: Path = setting("HOST_DISK", folder, "A folder on the disk that is measured", default="/")
    log_level: str = setting(
        "LOG_LEVEL", choice("DEBUG", "INFO", "WARNING", "ERROR"), "Events below this are not logged", default="INFO"
    )
    log_form: str = setting(
        "LOG_FORMAT", choice("auto", "json", "plain"), "JSON lines, or plain ones for a terminal", default="auto"
    )

    @property
    def probe_allow(self) -> Allowed:
        """What may be probed besides public addresses; in a demo, unless told otherwise, this house's own service."""
        if self.listed_allow is not None or not self.is_demo:
            return self.listed_allow or NOTHING
        where = urlsplit(self.auth_url)
        host = f"[{where.hostname}]" if ":" in (where.hostname or "") else where.hostname
        return parse_allowed(f"{host}:{where.port or PORTS[where.scheme]}")

    @property
    def staff_password(self) -> str:
        """Of STAFF_EMAIL; in a demo, unless told otherwise, its administrator's."""
        return self.given_staff_password or ("admin" if self.is_demo else "")

    @property
    def name(self) -> str:
        """The name under which this collector and its host are known."""
        return self.given_name or socket.gethostname()


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The collector's settings from `environment`; raises SettingsError with every fault."""
    return read(Settings, environment)
