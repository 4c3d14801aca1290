"""Everything an operator may change about the collector."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from collector.mail import MailServer, mail_server
from common.networks import LOOPBACK
from common.settings import Network, boolean, choice, folder, networks, port, read, setting, text, url

DATABASE_DEMO = "postgresql://watchhouse_collector:watchhouse_collector_demo_pass@127.0.0.1:55432/metrics"


def sender(raw: str) -> str:
    """An address, with or without a name: `Watchhouse <house@example.com>`."""
    if "@" not in parseaddr(raw)[1] or len(raw.splitlines()) > 1:
        raise ValueError(f"must be an e-mail address, not {raw!r}")
    return raw


@dataclass(frozen=True)
class Settings:
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
    def name(self) -> str:
        """The name under which this collector and its host are known."""
        return self.given_name or socket.gethostname()


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The collector's settings from `environment`; raises SettingsError with every fault."""
    return read(Settings, environment)
