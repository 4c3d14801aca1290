"""What 10,000 locks cost to look at: the collector's /metrics, the rules of security, the audit of their logs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine

from bench.report import Figure, at_least, at_most
from bench.stage import open_database
from collector.alerting.evaluation import evaluate
from collector.alerting.rules import SECURITY_RULES
from collector.jobs import measure_fleet
from collector.settings import Settings, read_settings
from common.clock import utc_now
from common.lock_protocol.chain import GENESIS, Entry, entry_hash, personal_hash
from sql.device_audit import list_devices, verify_devices
from sql.device_checkpoints import sign_all
from sql.device_log import Draft, append
from sql.engine import make_engine, run_once, transaction
from sql.statements import run
from tests.collector.daemons import Daemon
from tests.support.broker import run_broker
from tests.support.databases import Database

DEVICES = 10_000
SCRAPES = 25
TIMES = 5
DEVICE_KEY = "a master key of the bench, long enough"
OWNER = "INSERT INTO app_users (email, password_hash, email_verified) VALUES ('anna@example.com', '', true)"
MAKE = """INSERT INTO devices (device_id, name, owner_id)
    SELECT 'lock-' || n, 'Door ' || n, id FROM app_users, generate_series(1, %s) n"""
STATES = """INSERT INTO device_states (device_id, is_online, last_seen_at, battery_level, is_battery_low)
    SELECT id, true, now() + interval '1 hour', 1 + random() * 99, random() < 0.001 FROM devices"""
CHAINS = "INSERT INTO device_chains (device_id, head) SELECT id, '' FROM devices"
LISTENING = """INSERT INTO service_states (service, is_up, checked_at, failures) VALUES ('fleet', true, now(), 0)
    ON CONFLICT (service) DO UPDATE SET is_up = true, checked_at = now()"""
SILENCE = "UPDATE device_states SET is_online = false, last_seen_at = now() - interval '10 minutes'"
HEARD = "UPDATE device_states SET is_online = true, last_seen_at = now()"
ROWS = 10  # of each device
MESSAGES = "SELECT count(*) FROM outbox"


def measure(folder: Path) -> list[Figure]:
    """The page before and after there are locks; then the rules and the audit, in this process."""
    with open_database(folder) as database:
        with open_collector(folder, database) as daemon:
            empty = scrape(daemon)
            fill(database)
            daemon.wait(lambda: daemon.sample('watchhouse_locks{state="online"}') > 0, "the locks are seen", limit=40)
            full = scrape(daemon)
        engine = make_engine(database.collector_url, process="bench", pool_size=2, statement_seconds=60)
        figures = [*look(engine, database), *audit(engine)]
        engine.dispose()
    page = f"/metrics of a collector with {DEVICES:,} locks"
    return [at_most(page, full * 1000, 50, "ms"), at_most(f"{page}, of one without", full / empty, 2), *figures]


@contextmanager
def open_collector(folder: Path, database: Database) -> Iterator[Daemon]:
    """One that holds a fleet of nobody yet."""
    with run_broker(folder / "broker") as broker:
        settings = {"DATABASE_URL": database.collector_url, "DEVICE_KEY": DEVICE_KEY, **broker.settings}
        daemon = Daemon(folder / "collector.log", "bench", WATCHHOUSE_DEMO="1", LOG_LEVEL="ERROR", **settings)
        try:
            daemon.wait(lambda: daemon.sample("watchhouse_fleet_connected") == 1, "the fleet is held", limit=30)
            yield daemon
        finally:
            daemon.kill()


def fill(database: Database) -> None:
    """So many devices, all online."""
    database.rows(OWNER)
    database.rows(MAKE, DEVICES)
    for statement in (STATES, CHAINS, "ANALYZE"):
        database.rows(statement)


def scrape(daemon: Daemon) -> float:
    """Seconds of a scrape."""
    return median(seconds_of(lambda: daemon.get("/metrics")) for _ in range(SCRAPES))


def look(engine: Engine, database: Database) -> list[Figure]:
    """One look at the fleet, and the rules of security: while all is well, and when all fall silent at once."""
    settings = read_settings({"DATABASE_URL": database.collector_url, "DEVICE_KEY": DEVICE_KEY})
    bounds = {"batteries": list(measure_fleet.BATTERIES), "ages": list(measure_fleet.AGES)}
    counted = median(
        seconds_of(lambda: run_once(engine, measure_fleet.sql.measure_fleet, **bounds)) for _ in range(TIMES)
    )
    database.rows(LISTENING)
    database.rows(HEARD)
    ask(engine, settings)
    calm = median(seconds_of(lambda: ask(engine, settings)) for _ in range(TIMES))
    before = database.one(MESSAGES)
    database.rows(SILENCE)
    outage = seconds_of(lambda: ask(engine, settings))
    lasting = median(seconds_of(lambda: ask(engine, settings)) for _ in range(TIMES))
    return [
        at_most("one look at the fleet", counted * 1000, 50, "ms"),
        at_most("the rules of security, while all is well", calm * 1000, 100, "ms"),
        at_most("the rules when all fall silent at once", outage * 1000, 5000, "ms"),
        at_most("the rules while all are silent", lasting * 1000, 500, "ms"),
        at_most("mails of all falling silent at once", database.one(MESSAGES) - before, 1, ""),
    ]


def ask(engine: Engine, settings: Settings) -> None:
    """As the job does."""
    evaluate(engine, settings, utc_now(), SECURITY_RULES)


def audit(engine: Engine) -> list[Figure]:
    """All devices have new rows: an hour's signing, and a walk along all of them, beside the bare hashing."""
    query: Callable[..., Any] = partial(run_once, engine)
    devices = [one for one, _, _ in list_devices(query, None, None, None, DEVICES)]
    with transaction(engine) as connection:
        drafts = [
            Draft(device_id=one, event_type="UNLOCK", description="Unlocked") for one in devices for _ in range(ROWS)
        ]
        append(partial(run, connection), drafts)
    until = utc_now() + timedelta(hours=1)
    signing = seconds_of(lambda: list(sign_all(query, DEVICE_KEY, until, lambda: False)))
    walking = seconds_of(
        lambda: [verify_devices(query, devices[at : at + 20], DEVICE_KEY) for at in range(0, DEVICES, 20)]
    )
    rows, bare = DEVICES * ROWS, hashing(drafts[0])
    print(f"     {walking / rows * 1e6:.1f} us a row walked along, {bare * 1e6:.1f} us of them to hash it")
    return [
        at_most(f"signing {DEVICES:,} logs with {rows:,} new rows", signing, 60, "s"),
        at_least("rows verified a second", rows / walking, 10_000, ""),
    ]


def hashing(draft: Draft) -> float:
    """Seconds that the two hashes of a row take by themselves."""
    now, salt = utc_now(), bytes(16)
    entry = Entry(draft.device_id, 1, draft.event_type, draft.description, True, now, now)
    began = time.perf_counter()
    for _ in range(10_000):
        entry_hash(GENESIS, entry, personal_hash(salt, None, None))
    return (time.perf_counter() - began) / 10_000


def seconds_of(act: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
