"""`python -m standalone`: a whole Watchhouse on one machine, as a list of steps. Ctrl-C or SIGTERM ends it."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import structlog

from common.logging import configure
from common.settings import SettingsError, read
from standalone.announcement import announce
from standalone.broker import IOTCORE, MISSING, make_broker
from standalone.children import wait_until
from standalone.errors import NotReadyError, StandaloneError
from standalone.house import House, StopAskedError
from standalone.lock import FolderLock
from standalone.monitoring import make_alertmanager, make_exporter, make_prometheus
from standalone.ports import find_listeners, shared_ports, taken_ports
from standalone.postgres import Server
from standalone.processes import SOURCE, Processes, Secrets, auth_url, child_environment, find_secrets
from standalone.settings import Settings, describe_settings, with_defaults

ORPHANS_SECONDS = 10.0  # how long what a killed copy left behind may keep its ports
BAD_SETTINGS = 2

log = structlog.get_logger()


@click.command(epilog=describe_settings())
def main() -> None:
    """Run a whole Watchhouse on this machine until Ctrl-C or SIGTERM."""
    sys.exit(run())


def run() -> int:
    """Run until asked to stop; the exit status."""
    environment = with_defaults(os.environ)
    try:
        settings = read_settings(environment)
        configure("standalone", level=settings.log_level, form=settings.log_format)
        with FolderLock(settings.data) as lock, House() as house:
            check_ports(environment, limit=ORPHANS_SECONDS if lock.was_killed else 0)
            start_all(house, settings, environment)
            house.wait()
    except SettingsError as error:
        click.echo("\n  ".join(["These settings are wrong:", *error.faults]), err=True)
        return BAD_SETTINGS
    except StandaloneError as error:
        click.echo(error, err=True)
        return 1
    except StopAskedError:
        pass
    return 0


def start_all(house: House, settings: Settings, environment: Mapping[str, str]) -> None:
    """Every step from nothing to a healthy system."""
    secrets = find_secrets(settings)
    broker = start_broker(house, settings, secrets, environment)
    database_url = settings.database_url or start_database(house, settings, secrets)
    processes = Processes(settings, secrets, database_url, environment, broker=broker)
    run_auth(house, settings, "migrate", processes.migration())
    auth = processes.auth()
    house.launch(auth)
    start_monitoring(house, settings, processes)
    if settings.demo:
        run_auth(house, settings, "demo-data", processes.auth_environment())  # while the others get ready
    house.await_ready(auth)
    house.launch(processes.collector())  # it watches auth: before that is up, it would report an outage
    house.await_ready()
    if settings.has_generator:
        house.start(processes.generator(in_terminal=sys.stdout.isatty()))
    announce(settings, auth_url(settings), broker)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings; a SettingsError names every fault, those of the ports among them."""
    faults = shared_ports(find_listeners(environment))
    try:
        settings = read(Settings, environment)
    except SettingsError as error:
        faults = [*error.faults, *faults, *taken_ports(find_listeners(environment))]
    if faults:
        raise SettingsError(faults)
    return settings


def check_ports(environment: Mapping[str, str], *, limit: float) -> None:
    """Raise a SettingsError that names every port we could not open, after waiting for it up to `limit` seconds."""
    listeners = find_listeners(environment)
    try:
        wait_until(lambda: not taken_ports(listeners), limit=limit, what="our ports are free")
    except NotReadyError:
        raise SettingsError(taken_ports(listeners)) from None


def start_broker(house: House, settings: Settings, secrets: Secrets, environment: Mapping[str, str]) -> str | None:
    """Start one unless a setting names one; which one it is."""
    if settings.mqtt_url:
        return None
    broker = make_broker(
        settings.data,
        settings.mqtt_port,
        secrets.broker,
        SOURCE / "mosquitto",
        child_environment(settings, environment),
    )
    if broker.name == IOTCORE:
        log.warning(
            "broker_is_a_fallback", broker=broker.name, reason="no mosquitto program on this machine", missing=MISSING
        )
    house.launch(broker)
    return broker.name


def start_database(house: House, settings: Settings, secrets: Secrets) -> str:
    """Start our PostgreSQL with the role that owns everything; that role's URL."""
    server = Server(
        settings.data / "postgres",
        port=settings.postgres_port,
        password=secrets.superuser,
        log=settings.data / "log" / "postgres.log",
    )
    house.start(server)
    server.run_script(SOURCE / "sql" / "init.sql", {"METRICS_PASSWORD": secrets.owner})
    return server.url("metrics", secrets.owner, "metrics")


def run_auth(house: House, settings: Settings, command: str, environment: Mapping[str, str]) -> None:
    """Run one of auth's commands to its end."""
    house.run(
        command,
        (sys.executable, "-m", "auth", command),
        environment,
        folder=SOURCE,
        log=settings.data / "log" / f"{command}.log",
    )


def start_monitoring(house: House, settings: Settings, processes: Processes) -> None:
    """Launch what is on the machine of Prometheus, Alertmanager and the exporter."""
    configuration: Path = SOURCE / "prometheus"
    made = (
        make_prometheus(settings, configuration, processes.environment),
        make_alertmanager(settings, configuration, processes.environment),
        make_exporter(settings, processes.monitor_url(), processes.environment),
    )
    for program in filter(None, made):
        house.launch(program)


if __name__ == "__main__":
    main(prog_name="python -m standalone")
