"""Our own processes as services: auth, collector, generator; and which of our settings each gets to see.

A process gets what it needs: the owner's URL goes to the migration only, a role's URL to its process only.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from common.lock_protocol.topics import COLLECTOR
from standalone.broker import IOTCORE, MOSQUITTO, Passwords, accounts_file, pid_file
from standalone.program import Check, Program, answers_http
from standalone.secrets import keep_secret
from standalone.settings import LOOPBACK, Settings, reachable

SOURCE = Path(__file__).parents[1]
PASSED_ON_BY_US = (
    "DATABASE_URL",
    "MQTT_URL",
    "SECRET_KEY",
    "DEVICE_KEY",
    "PIN_PEPPER",
    "FLEET_MQTT_PASSWORD",
    "SMTP_URL",
    "METRICS_TOKEN",
    "METRICS_PASSWORD",
    "AUTH_DATABASE_PASSWORD",
    "COLLECTOR_DATABASE_PASSWORD",
    "READER_DATABASE_PASSWORD",
    "MONITOR_DATABASE_PASSWORD",
)


@dataclass(frozen=True)
class Secrets:
    """Every secret of a system, given or kept."""

    superuser: str
    owner: str
    auth: str
    collector: str
    reader: str
    monitor: str
    broker: Passwords
    key: str
    device_key: str
    pin_pepper: str


def find_secrets(settings: Settings) -> Secrets:
    """What was given, and for the rest what is kept in the data folder."""
    folder = settings.data / "secrets"
    return Secrets(
        superuser=keep_secret(folder, "postgres_password", ""),
        owner=keep_secret(folder, "metrics_password", settings.metrics_password),
        auth=keep_secret(folder, "auth_database_password", settings.auth_password),
        collector=keep_secret(folder, "collector_database_password", settings.collector_password),
        reader=keep_secret(folder, "reader_database_password", settings.reader_password),
        monitor=keep_secret(folder, "monitor_database_password", settings.monitor_password),
        broker=Passwords(
            collector=keep_secret(folder, "mqtt_password", ""), fleet=keep_secret(folder, "fleet_mqtt_password", "")
        ),
        key=keep_secret(folder, "secret_key", settings.secret_key),
        device_key=keep_secret(folder, "device_key", settings.device_key),
        pin_pepper=keep_secret(folder, "pin_pepper", settings.pin_pepper),
    )


class Processes:
    """Makes our processes' services over a database at the owner's `database_url`; `broker` is the one started here."""

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        database_url: str,
        environment: Mapping[str, str],
        *,
        broker: str | None = None,
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._database_url = database_url
        self._given = dict(environment)
        self._broker = broker
        self.environment = child_environment(settings, environment)

    def migration(self) -> dict[str, str]:
        """The environment of `auth migrate`: the only one with the owner's URL and all roles' passwords."""
        return {
            **self.environment,
            "DATABASE_URL": self._database_url,
            "AUTH_DATABASE_PASSWORD": self._secrets.auth,
            "COLLECTOR_DATABASE_PASSWORD": self._secrets.collector,
            "READER_DATABASE_PASSWORD": self._secrets.reader,
            "MONITOR_DATABASE_PASSWORD": self._secrets.monitor,
        }

    def auth_environment(self) -> dict[str, str]:
        """The environment of auth and its commands."""
        return {
            **self.environment,
            **self._passed("METRICS_TOKEN"),
            "DATABASE_URL": with_login(self._database_url, "watchhouse_auth", self._secrets.auth),
            "SECRET_KEY": self._secrets.key,
            "DEVICE_KEY": self._secrets.device_key,
            "PIN_PEPPER": self._secrets.pin_pepper,
            "MQTT_PUBLIC_URL": self._given.get("MQTT_PUBLIC_URL") or self._fleet_url(),
        }

    def auth(self) -> Program:
        """The HTTP service."""
        return self._program(
            "auth",
            self.auth_environment(),
            answers_http(reachable(self._settings.auth_host), self._settings.auth_port, "/readyz"),
        )

    def collector(self) -> Program:
        """The daemon."""
        return self._program(
            "collector",
            {
                **self.environment,
                **self._passed("METRICS_TOKEN", "SMTP_URL"),
                "DATABASE_URL": with_login(self._database_url, "watchhouse_collector", self._secrets.collector),
                "DEVICE_KEY": self._secrets.device_key,
                "MQTT_URL": self._settings.mqtt_url
                or with_login(self._fleet_url(), COLLECTOR, self._secrets.broker.collector),
                **self._accounts(),
            },
            answers_http(reachable(self._settings.collector_host), self._settings.collector_port, "/healthz"),
        )

    def generator(self, *, in_terminal: bool) -> Program:
        """The simulated people; their display is the terminal's, else their lines go to the log."""
        log = None if in_terminal else self._settings.data / "log" / "generator.log"
        return Program(
            "generator",
            (sys.executable, "-m", "generator"),
            {
                **self.environment,
                **self._passed("METRICS_TOKEN", "FLEET_MQTT_PASSWORD"),
                **({"FLEET_MQTT_PASSWORD": self._secrets.broker.fleet} if self._broker == IOTCORE else {}),
                "TARGET_URL": auth_url(self._settings),
            },
            log,
            folder=SOURCE,
        )

    def monitor_url(self) -> str:
        """The postgres exporter's URL."""
        return with_login(self._database_url, "watchhouse_monitor", self._secrets.monitor)

    def _fleet_url(self) -> str:
        """Where the broker is, without anybody's login."""
        if self._settings.mqtt_url is None:
            return f"mqtt://{LOOPBACK}:{self._settings.mqtt_port}"
        parts = urlsplit(self._settings.mqtt_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def _accounts(self) -> dict[str, str]:
        """What the collector needs to write the accounts of our Mosquitto; no other broker has such a file."""
        if self._broker != MOSQUITTO:
            return {}
        data = self._settings.data
        return {"BROKER_ACCOUNTS": str(accounts_file(data)), "BROKER_PID_FILE": str(pid_file(data))}

    def _passed(self, *names: str) -> dict[str, str]:
        """The secrets of `names` as they were given to us, in a file or not."""
        return {name: self._given[name] for name in with_files(names) if name in self._given}

    def _program(self, name: str, environment: Mapping[str, str], is_ready: Check) -> Program:
        return Program(
            name,
            (sys.executable, "-m", name, "run"),
            environment,
            self._settings.data / "log" / f"{name}.log",
            is_ready,
            folder=SOURCE,
        )


def child_environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """What every child gets: our own environment without the secrets that go to one of them each."""
    hidden = with_files(PASSED_ON_BY_US)
    child = {name: value for name, value in environment.items() if name not in hidden}
    return {
        **child,
        "WATCHHOUSE_DEMO": "1" if settings.demo else "0",
        "WATCHHOUSE_DATA": str(settings.data),
        "AUTH_URL": auth_url(settings),
        "PUBLIC_URL": environment.get("PUBLIC_URL") or auth_url(settings),
    }


def with_files(names: Iterable[str]) -> set[str]:
    """The names of secrets, and of the settings that name files with them."""
    return {name + suffix for name in names for suffix in ("", "_FILE")}


def auth_url(settings: Settings) -> str:
    """Where we reach auth."""
    return f"http://{reachable(settings.auth_host)}:{settings.auth_port}"


def with_login(url: str, role: str, password: str) -> str:
    """`url` with another role and password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role, safe='')}:{quote(password, safe='')}@{host}"))
