"""Outages: told once, held back while silent, an incident after ten minutes, and resolved on recovery."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.job import Context
from collector.jobs import open_incidents
from standalone.postgres import Server
from tests.auth.remote import at_once
from tests.collector.telling import MINUTE, SECOND, House
from tests.support.databases import Database, throw_away

START = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)

ContextFor = Callable[..., Context[Any]]


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """One for all tests here: each empties it."""
    with throw_away(server) as found:
        yield found


@pytest.fixture
def house(database: Database, context_for: ContextFor) -> House:
    """A house with one channel that hears everything."""
    made = House(database, context_for(open_incidents.JOB).engine, START)
    made.channel()
    return made


@pytest.fixture
def follow(house: House, context_for: ContextFor) -> Callable[[], None]:
    """Runs the job at the house's time."""
    context = context_for(open_incidents.JOB, clock=lambda: house.now)
    return lambda: open_incidents.JOB.run(context)


def incidents(house: House) -> list[tuple[Any, ...]]:
    return house.database.rows("SELECT title, status, started_at, resolved_at FROM incidents ORDER BY id")


def test_a_fall_and_a_recovery_are_told_once_to_whoever_chose_either_kind(house: House) -> None:
    for kinds in (["changes"], ["alerts"], ["incidents"]):
        house.channel(*kinds, name=kinds[0])
    door = house.endpoint()
    house.change(door, "major_outage")
    house.pass_time(90 * SECOND)
    house.change(door, "operational")
    told = house.database.rows("SELECT recipient, subject, body FROM outbox ORDER BY id")
    heard = ["Phone", "changes", "alerts"]
    down = "Door is down since 2026-05-04 12:30:00 UTC (timeout)."
    up = "Door is operational, since 2026-05-04 12:31:30 UTC. It was down for 1 min 30 s."
    assert told == [(name, "Door is down", down) for name in heard] + [(name, "Door is up again", up) for name in heard]
    assert house.database.rows("SELECT rule, resolved_at FROM alerts") == [("down", house.now)]


def test_a_first_good_check_is_no_news_and_a_slow_or_failed_one_is(house: House) -> None:
    doors = {state: house.endpoint(state, "unknown") for state in ("operational", "degraded", "major_outage")}
    for state, door in doors.items():
        house.change(door, state)
    assert house.news() == [("changes", "degraded is degraded"), ("changes", "major_outage is down")]


def test_only_channels_that_are_on_are_told(house: House) -> None:
    house.database.rows("UPDATE channels SET is_enabled = false")
    house.change(house.endpoint(), "major_outage")
    assert house.news() == []
    assert house.database.one("SELECT count(*) FROM alerts WHERE resolved_at IS NULL") == 1


def test_an_outage_in_maintenance_is_told_when_that_ends(house: House, follow: Callable[[], None]) -> None:
    house.plan(START - MINUTE, START + 5 * MINUTE)
    door = house.endpoint()
    house.change(door, "major_outage")
    follow()
    assert house.news() == []
    house.pass_time(6 * MINUTE)
    follow()
    follow()
    assert house.subjects() == ["Door is down"]


def test_an_outage_within_maintenance_is_never_told(house: House, follow: Callable[[], None]) -> None:
    house.plan(START - timedelta(days=7), START - timedelta(days=7) + timedelta(hours=1), "FREQ=WEEKLY")
    door = house.endpoint()
    house.change(door, "major_outage")
    house.pass_time(11 * MINUTE)
    follow()
    house.change(door, "operational")
    assert house.news() == []
    assert incidents(house) == []


def test_what_was_told_is_told_to_be_over_though_maintenance_began_meanwhile(house: House) -> None:
    door = house.endpoint()
    house.change(door, "major_outage")
    house.plan(house.now, house.now + timedelta(hours=1))
    house.pass_time(MINUTE)
    house.change(door, "operational")
    assert house.subjects() == ["Door is down", "Door is up again"]


def test_a_parent_that_is_down_silences_its_children_until_it_recovers(
    house: House, follow: Callable[[], None]
) -> None:
    router = house.endpoint("Router")
    switch = house.endpoint("Switch", parent=router)
    door = house.endpoint("Door", parent=switch)
    house.change(router, "major_outage")
    house.change(door, "major_outage")
    house.pass_time(11 * MINUTE)
    follow()
    assert house.subjects() == ["Router is down", "Incident: Router is down"]
    house.change(router, "operational")
    house.look_at(switch)
    follow()
    assert house.subjects()[2:] == [
        "Router is up again",
        "Resolved: Router is down",
        "Door is down",
        "Incident: Door is down",
    ]


def test_a_child_that_falls_first_waits_until_its_parent_was_looked_at(
    house: House, follow: Callable[[], None]
) -> None:
    router = house.endpoint("Router")
    door = house.endpoint("Door", parent=router)
    house.pass_time(5 * SECOND)
    house.change(door, "major_outage")
    follow()
    assert house.news() == []
    house.look_at(router)  # it is fine
    follow()
    assert house.subjects() == ["Door is down"]


def test_parents_in_a_circle_silence_nobody(house: House) -> None:
    first, second = house.endpoint("First"), house.endpoint("Second")
    house.database.rows("UPDATE endpoints SET parent_id = %s WHERE id = %s", second, first)
    house.database.rows("UPDATE endpoints SET parent_id = %s WHERE id = %s", first, second)
    house.change(first, "major_outage")
    assert house.subjects() == ["First is down"]


def test_what_flaps_is_told_once_and_what_comes_of_it_when_it_is_steady(
    house: House, follow: Callable[[], None]
) -> None:
    door = house.endpoint()
    house.change(door, "major_outage", kind="flapping", is_flapping=True)
    for state in ("operational", "major_outage", "operational", "major_outage"):
        house.change(door, state, is_flapping=True)
        follow()
    assert house.subjects() == ["Door is flapping"]
    house.change(door, "major_outage", kind="steady")
    follow()
    follow()
    assert house.subjects() == ["Door is flapping", "Door is down"]
    house.change(door, "operational")
    assert house.subjects()[2:] == ["Door is up again"]


def test_an_outage_that_was_told_ends_for_all_who_heard_of_it_though_it_flaps_by_then(house: House) -> None:
    house.channel("alerts", name="Siren")
    door = house.endpoint()
    house.change(door, "major_outage")
    house.change(door, "operational", is_flapping=True)
    heard = "SELECT subject FROM outbox WHERE recipient = 'Siren' ORDER BY id"
    assert house.database.rows(heard) == [("Door is down",), ("Door is up again",)]


def test_what_somebody_looks_at_though_it_is_switched_off_is_no_news(house: House, follow: Callable[[], None]) -> None:
    door = house.endpoint()
    house.database.rows("UPDATE endpoints SET is_enabled = false")
    for state in ("degraded", "major_outage"):
        house.change(door, state)
        follow()
    assert house.subjects() == []
    assert house.database.one("SELECT count(*) FROM alerts") == 0


def test_what_flapped_and_is_steady_in_a_good_state_is_told_so(house: House) -> None:
    door = house.endpoint()
    house.change(door, "operational", kind="flapping", is_flapping=True)
    house.change(door, "operational", kind="steady")
    assert house.subjects() == ["Door is flapping", "Door is steady again"]


def test_an_outage_of_ten_minutes_opens_one_incident(house: House, follow: Callable[[], None]) -> None:
    door = house.endpoint()
    house.change(door, "major_outage")
    house.pass_time(10 * MINUTE - SECOND)
    follow()
    assert incidents(house) == []
    house.pass_time(SECOND)
    follow()
    follow()
    assert incidents(house) == [("Door is down", "investigating", START, None)]
    assert house.news()[1:] == [("incidents", "Incident: Door is down")]
    assert house.database.rows("SELECT endpoint_id FROM incident_endpoints") == [(door,)]
    assert house.database.rows("SELECT status, written_by FROM incident_updates") == [("investigating", None)]


def test_recovery_resolves_the_incident_whatever_staff_wrote(house: House, follow: Callable[[], None]) -> None:
    door = house.endpoint()
    house.change(door, "major_outage")
    house.pass_time(10 * MINUTE)
    follow()
    house.database.rows("UPDATE incidents SET status = 'monitoring', title = 'The door is stuck'")
    house.pass_time(MINUTE)
    house.change(door, "operational")
    assert incidents(house) == [("The door is stuck", "resolved", START, house.now)]
    assert house.subjects()[-1] == "Resolved: The door is stuck"
    assert [row[0] for row in house.database.rows("SELECT status FROM incident_updates ORDER BY id")] == [
        "investigating",
        "resolved",
    ]


def test_an_incident_that_staff_resolved_is_not_opened_again_for_the_same_outage(
    house: House, follow: Callable[[], None]
) -> None:
    house.change(house.endpoint(), "major_outage")
    house.pass_time(10 * MINUTE)
    follow()
    house.database.rows("UPDATE incidents SET status = 'resolved', resolved_at = %s", house.now)
    follow()
    assert len(incidents(house)) == 1


def test_nobody_says_how_an_endpoint_is_that_was_not_watched(house: House, follow: Callable[[], None]) -> None:
    house.change(house.endpoint(), "major_outage")
    house.now += 20 * MINUTE  # and no check since
    follow()
    assert incidents(house) == []


def test_an_endpoint_that_is_switched_off_leaves_nothing_open(house: House, follow: Callable[[], None]) -> None:
    house.change(house.endpoint(), "major_outage")
    house.pass_time(10 * MINUTE)
    follow()
    house.database.rows("UPDATE endpoints SET is_enabled = false")
    follow()
    assert house.subjects()[-2:] == ["Door is no longer watched", "Resolved: Door is down"]
    assert incidents(house)[0][1] == "resolved"
    assert house.database.one("SELECT count(*) FROM alerts WHERE resolved_at IS NULL") == 0


def test_two_collectors_open_one_incident_and_tell_it_once(house: House, context_for: ContextFor) -> None:
    house.change(house.endpoint(), "major_outage")
    house.pass_time(10 * MINUTE)
    contexts = [context_for(open_incidents.JOB, clock=lambda: house.now) for _ in range(2)]
    at_once(lambda number: open_incidents.JOB.run(contexts[number]), 2)
    assert len(incidents(house)) == 1
    assert house.subjects() == ["Door is down", "Incident: Door is down"]
