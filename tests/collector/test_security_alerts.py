"""Security alerts: what locks report and what rules find is told once, to channels and to the owner."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from auth.accounts import throttle
from collector.alerting.rules import login_brute_force
from collector.alerting.telling import MOST_A_DAY, MOST_DEVICES
from collector.fleet.alarms import Alarm, Kind, raise_alarms
from collector.job import Context
from collector.jobs import watch_security
from sql.engine import transaction
from standalone.postgres import Server
from tests.collector.daemons import Daemon
from tests.collector.telling import MINUTE, House
from tests.support.databases import Database, throw_away

HOUR = timedelta(hours=1)
DOOR = UUID(int=1)
OPEN = "SELECT rule, subject, severity, value FROM alerts WHERE resolved_at IS NULL ORDER BY rule, subject"
OWNERS = """INSERT INTO app_users (id, email, password_hash, email_verified)
    VALUES ('00000000-0000-0000-0000-0000000000aa', 'anna@example.com', '', true),
        ('00000000-0000-0000-0000-0000000000bb', 'bob@example.com', '', false)"""
DEVICES = """INSERT INTO devices (id, device_id, name, owner_id)
    SELECT ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, 'lock-' || n, 'Door ' || n, id
    FROM app_users, generate_series(%s, %s) n WHERE email = %s"""
STATES = """INSERT INTO device_states (device_id, is_online, last_seen_at, battery_level)
    SELECT id, true, %s, 90 FROM devices"""

ContextFor = Callable[..., Context[Any]]
Watch = Callable[[], None]


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """One for all tests here: each empties it."""
    with throw_away(server) as found:
        yield found


@pytest.fixture
def house(database: Database, context_for: ContextFor) -> House:
    """Thirty locks of Anna, whose address is proved, and one of Bob, whose is not; a channel that hears of alerts."""
    now = datetime.now(UTC).replace(microsecond=0)
    made = House(database, context_for(watch_security.JOB).engine, now)
    made.channel("alerts")
    database.rows("DELETE FROM login_throttle; DELETE FROM devices; DELETE FROM app_users")
    database.rows(OWNERS)
    database.rows(DEVICES, 1, 30, "anna@example.com")
    database.rows(DEVICES, 99, 99, "bob@example.com")
    database.rows(STATES, now)
    listen(made)
    return made


@pytest.fixture
def watch(house: House, context_for: ContextFor) -> Watch:
    """Runs the job at the house's time."""
    context = context_for(watch_security.JOB, clock=lambda: house.now)
    return lambda: watch_security.JOB.run(context)


def listen(house: House, *, is_up: bool = True) -> None:
    """The fleet's canary came back just now, or did not."""
    house.database.rows(
        """INSERT INTO service_states (service, is_up, checked_at, failures) VALUES ('fleet', %s, %s, 0)
        ON CONFLICT (service) DO UPDATE SET is_up = excluded.is_up, checked_at = excluded.checked_at""",
        is_up,
        house.now,
    )


def change(house: House, changes: str, *values: Any, where: str = "device_id = '" + str(DOOR) + "'") -> None:
    house.database.rows(f"UPDATE device_states SET {changes} WHERE {where}", *values)


def alarm(house: House, *devices: UUID, kind: Kind = "tamper") -> list[str]:
    """What a batch of ingest would do."""
    alarms = [Alarm(kind, device, "Door 1", "Door 1 reports tampering.") for device in devices]
    with transaction(house.engine) as connection:
        return raise_alarms(connection, alarms, house.now)


def mails(house: House) -> list[tuple[Any, ...]]:
    return house.database.rows("SELECT recipient, subject FROM outbox WHERE channel = 'mail' ORDER BY id")


def subjects(house: House) -> list[str]:
    found = house.database.rows("SELECT subject FROM outbox WHERE channel = 'notification' ORDER BY id")
    return [row[0] for row in found]


def rules(house: House) -> list[str]:
    return [row[0] for row in house.database.rows(OPEN)]


def test_an_alarm_is_told_once_to_the_channels_and_to_its_owner(house: House) -> None:
    assert alarm(house, DOOR, DOOR) == ["tamper"]
    assert alarm(house, DOOR) == []
    assert house.database.rows(OPEN) == [("tamper", f"device:{DOOR}", "critical", None)]
    assert house.database.one("SELECT device_id::text FROM alerts") == str(DOOR)
    assert subjects(house) == ["Alert: Door 1 reports tampering"]
    assert mails(house) == [("anna@example.com", "Alert: Door 1 reports tampering")]


def test_no_mail_goes_to_an_address_that_is_not_proved(house: House) -> None:
    assert alarm(house, UUID(int=0x63)) == ["tamper"]
    assert len(subjects(house)) == 1
    assert mails(house) == []


def test_what_people_must_look_at_stays_until_they_resolve_it(house: House, watch: Watch) -> None:
    sticky: tuple[Kind, ...] = ("failed_attempts", "tamper", "forced", "forged_command", "audit_broken", "qr_reused")
    for kind in sticky:
        alarm(house, DOOR, kind=kind)
    house.pass_time(HOUR)
    listen(house)
    change(house, "last_seen_at = %s", house.now, where="true")
    watch()
    assert rules(house) == sorted(sticky)


def test_a_low_battery_is_told_until_it_is_replaced(house: House, watch: Watch) -> None:
    change(house, "is_battery_low = true, battery_level = 19")
    watch()
    assert house.database.rows(OPEN) == [("low_battery", f"device:{DOOR}", "warning", 19)]
    change(house, "battery_level = 8")
    watch()
    assert house.database.rows(OPEN) == [("low_battery", f"device:{DOOR}", "critical", 8)]
    change(house, "is_battery_low = false, battery_level = 100")
    watch()
    assert subjects(house) == [
        "Alert: The battery of Door 1 is low at 19 %",
        "Resolved: The battery of Door 1 is no longer low",
    ]
    assert [one[0] for one in mails(house)] == ["anna@example.com"] * 2


def test_a_device_that_tells_the_same_all_day_is_told_of_some_times_and_listed_each_time(
    house: House, watch: Watch
) -> None:
    for _ in range(MOST_A_DAY + 3):
        change(house, "is_battery_low = true, battery_level = 1")
        watch()
        change(house, "is_battery_low = false, battery_level = 99")
        watch()
    change(house, "is_battery_low = true, battery_level = 1", where=f"device_id = '{UUID(int=2)}'")
    watch()
    assert house.database.one("SELECT count(*) FROM alerts WHERE device_id = %s", str(DOOR)) == MOST_A_DAY + 3
    told = ["Alert: The battery of Door 1 is low at 1 %", "Resolved: The battery of Door 1 is no longer low"]
    assert subjects(house) == told * MOST_A_DAY + ["Alert: The battery of Door 2 is low at 1 %"]
    assert len(mails(house)) == len(subjects(house))
    last = "SELECT count(*) FROM outbox WHERE channel = 'mail' AND body LIKE %s"
    assert house.database.one(last, f"%the {MOST_A_DAY}th within a day%") == 2


def test_a_jam_ends_when_the_bolt_moves_but_not_before_its_state_was_told(house: House, watch: Watch) -> None:
    alarm(house, DOOR, kind="jam")
    watch()
    assert rules(house) == ["jam"]
    change(house, "is_jammed = true")
    house.pass_time(2 * MINUTE)
    watch()
    assert rules(house) == ["jam"]
    change(house, "is_jammed = false")
    watch()
    assert rules(house) == []


def test_a_lock_is_missed_when_the_sweep_found_it_offline_and_it_stays_silent(house: House, watch: Watch) -> None:
    change(house, "is_online = false")
    house.pass_time(timedelta(seconds=89))
    listen(house)
    watch()
    assert rules(house) == []
    house.pass_time(timedelta(seconds=1))
    watch()
    assert house.database.rows(OPEN) == [
        ("offline", f"device:{DOOR}", "warning", None)
    ]  # the others: nobody judged yet
    change(house, "is_online = true, last_seen_at = %s", house.now)
    watch()
    assert rules(house) == []
    assert subjects(house)[1] == "Resolved: Door 1 is online again"


@pytest.mark.parametrize("state", ["status = 'INACTIVE'", "deleted_at = now()"], ids=["switched off", "deleted"])
def test_nobody_misses_a_device_that_is_not_in_use(house: House, watch: Watch, state: str) -> None:
    change(house, "is_online = false, is_battery_low = true")
    house.pass_time(2 * MINUTE)
    listen(house)
    watch()
    assert rules(house) == ["low_battery", "offline"]
    house.database.rows(f"UPDATE devices SET {state} WHERE id = %s", str(DOOR))
    watch()
    assert rules(house) == []


def test_who_hears_nobody_blames_no_lock(house: House, watch: Watch) -> None:
    change(house, "is_online = false", where="true")
    house.pass_time(HOUR)
    watch()
    listen(house, is_up=False)
    watch()
    assert rules(house) == []


def test_a_fleet_that_falls_silent_is_one_piece_of_news_and_no_mail(house: House, watch: Watch) -> None:
    change(house, "is_online = false", where="true")
    house.pass_time(2 * MINUTE)
    listen(house)
    watch()
    number = house.database.one("SELECT count(*) FROM alerts WHERE rule = 'offline' AND resolved_at IS NULL")
    assert number == 31 > MOST_DEVICES
    house.pass_time(5 * HOUR)
    listen(house)
    watch()
    change(house, "is_online = true, last_seen_at = %s", house.now, where="true")
    watch()
    assert subjects(house) == [f"{what}: offline of 31 devices" for what in ("Alert", "Still", "Resolved")]
    assert mails(house) == []
    assert rules(house) == []


def test_what_somebody_took_note_of_is_not_reminded_of(house: House, watch: Watch) -> None:
    alarm(house, DOOR)
    alarm(house, DOOR, kind="forced")
    house.database.rows("UPDATE alerts SET acknowledged_at = now() WHERE rule = 'forced'")
    house.pass_time(4 * HOUR)
    watch()
    assert [one for one in subjects(house) if one.startswith("Still")] == ["Still: Door 1 reports tampering"]
    assert len(mails(house)) == 3


def lock_out(house: House, locked_at: datetime) -> None:
    house.database.rows(
        """INSERT INTO code_brakes (device_id, lockouts, locked_at, locked_until) VALUES (%s, 1, %s, %s)
        ON CONFLICT (device_id) DO UPDATE SET lockouts = code_brakes.lockouts + 1, locked_at = excluded.locked_at,
            locked_until = excluded.locked_until""",
        str(DOOR),
        locked_at,
        locked_at + 15 * MINUTE,
    )


def test_each_lockout_is_told_though_the_one_before_was_resolved(house: House, watch: Watch) -> None:
    lock_out(house, house.now)
    watch()
    assert house.database.rows(OPEN) == [("failed_attempts", f"device:{DOOR}", "critical", 1)]
    house.database.rows("UPDATE alerts SET resolved_at = %s", house.now + MINUTE)
    house.pass_time(2 * MINUTE)
    watch()
    assert rules(house) == []  # somebody has seen to this one
    house.pass_time(30 * MINUTE)
    lock_out(house, house.now)
    watch()
    house.pass_time(HOUR)
    watch()
    assert house.database.rows(OPEN) == [("failed_attempts", f"device:{DOOR}", "critical", 2)]


def test_a_lockout_is_told_at_once_when_auth_calls(house: House, start: Callable[..., Daemon]) -> None:
    daemon = start("anna")
    ran = 'watchhouse_job_runs_total{job="watch_security",outcome="succeeded"}'
    daemon.wait(lambda: daemon.sample(ran) >= 1, "the first look")
    lock_out(house, datetime.now(UTC))
    house.database.rows("NOTIFY alerts")
    # Accounts that wait for a verification are told of, too, by other rules that the same call wakes.
    daemon.wait(lambda: "failed_attempts" in rules(house), "the lockout is told", limit=5)
    assert daemon.sample('watchhouse_security_alerts_opened_total{rule="failed_attempts"}') == 1


def guess(house: House, owed: float, *, is_admitted: bool) -> None:
    house.database.rows(
        """INSERT INTO login_throttle (account, network, paid_until, is_admitted)
        VALUES ('\\x0123456789abcdef', '*', %s, %s)
        ON CONFLICT (account, network) DO UPDATE
        SET paid_until = excluded.paid_until, is_admitted = excluded.is_admitted""",
        house.now + timedelta(seconds=owed),
        is_admitted,
    )


def test_who_guesses_a_password_is_told_once_until_it_is_quiet(house: House, watch: Watch) -> None:
    guess(house, 150, is_admitted=True)
    watch()
    assert rules(house) == []
    guess(house, 195, is_admitted=False)
    watch()
    guess(house, 120, is_admitted=True)
    watch()
    assert house.database.rows(OPEN) == [("login_brute_force", "account:0123456789ab", "critical", 1)]
    house.pass_time(HOUR)
    watch()
    assert rules(house) == []
    assert len(subjects(house)) == 2
    assert mails(house) == []


def test_the_brakes_limits_are_those_of_sign_in() -> None:
    most = (throttle.COST * throttle.ATTEMPTS_AT_ONCE).total_seconds()
    cost = throttle.COST.total_seconds()
    # Whoever is refused owes at least this much, less what ran down since: so nobody who is refused goes unnoticed.
    assert most - 2 * cost <= login_brute_force.BROKEN_SECONDS < most
    assert login_brute_force.BROKEN_SECONDS - cost > login_brute_force.HELD_SECONDS
