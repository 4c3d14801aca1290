"""Slots: where they lie, and that each has one record, whoever checks, dies, starts again or comes back."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.probing.checks import Finished
from collector.probing.fence import Place, judge_slots
from collector.probing.outcome import Attempt
from collector.probing.targets import Definition
from tests.collector.daemons import Daemon, Wire
from tests.collector.watching import DENSE, Site, assert_each_slot_once, checked, outcomes, state, watch, watch_densely
from tests.support.databases import Database, query, throw_away

Start = Callable[..., Daemon]

ALLOWED = {"PROBE_ALLOW": "127.0.0.0/8"}
START = datetime(2026, 5, 4, 12, tzinfo=UTC)
STEP = timedelta(seconds=5)


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site().start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def clock(server: Any) -> Iterator[Database]:
    """A database that is only asked about slots."""
    with throw_away(server) as found:
        yield found


def test_slots_lie_on_the_absolute_clock(clock: Database) -> None:
    moments = ["2026-03-29 00:59:59.9999995+00", "2028-02-29 12:00+00", "2001-01-01 00:00+00"]
    asked = """
        SELECT count(*), count(*) FILTER (WHERE slot > moment AND slot <= moment + span
            AND slot_after(id, seconds, slot) = slot + span
            AND slot_after(id, seconds, slot - interval '1 millisecond') = slot
            AND slot_after(id, seconds, slot + span / 2) = slot + span)
        FROM (
            SELECT *, slot_after(id, seconds, moment) AS slot, make_interval(secs => seconds) AS span
            FROM unnest(ARRAY[1, 2, 77, 5000, 4294967296, 9223372036854775807]) AS id,
                unnest(ARRAY[5, 7, 60, 3600, 86400]) AS seconds,
                unnest(%s::timestamptz[]) AS moment
        ) AS planned"""
    [(all_of_them, right)] = clock.rows(asked, moments)
    assert (all_of_them, right) == (90, 90)


@pytest.mark.parametrize("ids", ["id", "id * 2", "id * 16", "id * 1000", "id * id"])
def test_slots_spread_evenly_whatever_ids_there_are(clock: Database, ids: str) -> None:
    busiest, idlest = clock.rows(f"""
        SELECT max(checks), min(checks) FROM (
            SELECT date_trunc('second', slot_after({ids}, 10, '2026-05-03 23:59:59.999')), count(*) AS checks
            FROM generate_series(1::bigint, 5000) id GROUP BY 1) AS seconds""")[0]
    assert 0.85 * 500 < idlest <= busiest < 1.15 * 500


results = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 23_000)), min_size=1, max_size=8, unique_by=lambda one: one[0]
).map(sorted)


def made(slot: int, took_ms: int) -> Finished:
    at = START + slot * STEP
    definition = Definition(1, "it", STEP, 0, None)
    ended = at + timedelta(milliseconds=took_ms)
    return Finished(definition, at, at, ended, 1, Attempt("operational", None, None, at, took_ms))


@given(results, st.integers(0, 30), st.sampled_from([None, "anna", "berta"]))
def test_whatever_comes_in_each_slot_gets_one_record(
    found: list[tuple[int, int]], held: int, holder: str | None
) -> None:
    claimed = START + held * STEP
    place = Place(claimed + STEP if holder else claimed, claimed if holder else None, holder)
    verdict = judge_slots(place, [made(*one) for one in found], "anna")
    recorded = [result.slot for result in verdict.accepted]
    for missed in verdict.missed:
        recorded += [missed.slot + number * STEP for number in range(missed.slots)]
    is_done = holder is not None and not verdict.is_held
    first = claimed if is_done or not holder else claimed + STEP
    assert sorted(recorded) == [first + number * STEP for number in range(len(recorded))]
    assert verdict.next_slot == first + len(recorded) * STEP
    assert len(verdict.accepted) + verdict.refused == len(found)
    if holder == "berta":
        assert verdict.accepted == []
    for result, reach in zip(verdict.accepted, verdict.reaches, strict=True):
        assert reach >= result.ended_at


def test_endpoints_are_checked_at_their_slots(start: Start, database: Database, site: Site) -> None:
    database.rows(DENSE)
    good, bad = watch_densely(database, "good", f"{site.url}/good"), watch_densely(database, "bad", f"{site.url}/bad")
    site.statuses["/bad"] = 500
    site.hanging = {"/hangs"}
    hangs = watch_densely(database, "hangs", f"{site.url}/hangs", timeout_seconds=2)
    own = watch_densely(database, "own", "/own?x=1", headers={"X-Mine": "yes"})
    off = watch_densely(database, "off", f"{site.url}/off", is_enabled=False)
    unreadable = watch_densely(database, "unreadable", f"{site.url}/good", assertions=[{"kind": "nonsense"}])
    daemon = start(AUTH_URL=site.url, **ALLOWED)
    daemon.wait(lambda: checked(database, good) >= 4 and checked(database, hangs) >= 2, "checks")
    assert_each_slot_once(database)
    assert ("operational", None, 1) in outcomes(database, good)
    assert {outcome for outcome, _, _ in outcomes(database, good)} <= {"operational", "missed"}
    assert ("major_outage", "status", 1) in outcomes(database, bad)
    assert {("major_outage", "timeout"), ("missed", "still_running")} <= {
        outcome[:2] for outcome in outcomes(database, hangs)
    }
    assert outcomes(database, off) == []
    assert ("major_outage", "internal", 1) in outcomes(database, unreadable)
    states = [state(database, endpoint) for endpoint in (good, bad, hangs, off)]
    assert states == ["operational", "major_outage", "major_outage", None]
    late = "watchhouse_check_lateness_seconds"
    assert 0 < daemon.sample(f"{late}_sum") < daemon.sample(f"{late}_count") * 0.25
    assert daemon.sample('watchhouse_endpoint_up{endpoint="good"}') == 1
    assert daemon.sample('watchhouse_endpoint_up{endpoint="bad"}') == 0
    assert daemon.sample('watchhouse_endpoint_checks_total{endpoint="hangs",outcome="major_outage"}') >= 2
    mark = [headers.get("x-watchhouse-probe", "") for headers in site.asked["/own?x=1"]]
    assert mark[0].startswith("v1.")
    assert site.asked["/own?x=1"][0]["x-mine"] == "yes"
    assert all("x-watchhouse-probe" not in headers for headers in site.asked["/good"])
    assert own in {row[0] for row in database.rows("SELECT endpoint_id FROM endpoint_states")}
    database.rows("DELETE FROM endpoints WHERE id = %s", bad)
    database.rows("UPDATE endpoints SET interval_seconds = 2 WHERE id = %s", good)
    database.rows("UPDATE endpoints SET is_enabled = false WHERE id = %s", own)
    database.rows("NOTIFY endpoints")
    planned = "SELECT endpoint_id FROM endpoint_schedule ORDER BY 1"
    daemon.wait(lambda: database.rows(planned) == [(good,), (hangs,), (unreadable,)], "gone is gone")
    daemon.wait(lambda: 'watchhouse_endpoint_up{endpoint="bad"}' not in daemon.get("/metrics")[1], "no series of it")
    on_phase = """SELECT next_slot = slot_after(endpoint_id, 2, next_slot - interval '1 ms')
        FROM endpoint_schedule WHERE endpoint_id = %s"""
    daemon.wait(lambda: database.one(on_phase, good), "the new interval")
    assert daemon.stop() == 0
    assert database.one("SELECT count(claimed_slot) FROM endpoint_schedule") == 0


def test_two_share_the_slots_and_one_has_them_all_when_the_other_is_killed(
    start: Start, database: Database, site: Site
) -> None:
    database.rows(DENSE)
    endpoints = [watch_densely(database, f"site {number}", f"{site.url}/{number}") for number in range(12)]
    anna, berta = (start(name, is_awaited=False, **ALLOWED) for name in ("anna", "berta"))
    by = "SELECT count(DISTINCT endpoint_id) FROM checks WHERE collector = %s AND outcome = 'operational'"
    for daemon in (anna, berta):
        daemon.wait(lambda daemon=daemon: database.one(by, daemon.name) > 0, f"{daemon.name} has a share", limit=20)
    held = "SELECT count(*) FROM endpoint_schedule WHERE claimed_by = 'anna'"
    anna.wait(lambda: database.one(held) > 0, "anna holds some")
    anna.kill()
    database.rows("UPDATE endpoint_schedule SET claimed_until = now() WHERE claimed_by = 'anna'")  # ten seconds pass
    last = database.one("SELECT now()")
    since = """SELECT count(DISTINCT endpoint_id) FROM checks
        WHERE collector = 'berta' AND outcome = 'operational' AND slot > %s"""
    berta.wait(lambda: database.one(since, last) == len(endpoints), "berta has them all", limit=15)
    assert_each_slot_once(database)
    died = database.rows("SELECT DISTINCT collector FROM checks WHERE reason = 'collector_died'")
    assert died in ([("anna",)], [])
    assert database.rows("SELECT DISTINCT state FROM state_intervals") <= [("operational",), ("unknown",)]


def test_what_nobody_watched_is_missed_and_unknown(start: Start, database: Database, site: Site) -> None:
    """After a long absence: one record for the whole of it, though it began on a day that is dropped by now."""
    database.rows(DENSE)
    endpoint = watch_densely(database, "site", f"{site.url}/")
    old = watch(database, "old", f"{site.url}/old", interval_seconds=3600)
    database.rows("UPDATE endpoints SET created_at = now() - interval '90 days'")
    plan = """INSERT INTO endpoint_schedule (endpoint_id, next_slot)
        SELECT id, slot_after(id, interval_seconds, now() - %s::interval) FROM endpoints WHERE id = %s"""
    database.rows(plan, "30 seconds", endpoint)
    database.rows(plan, "60 days", old)
    daemon = start(**ALLOWED)
    daemon.wait(lambda: checked(database, endpoint) >= 2 and checked(database, old) >= 1, "it is watched again")
    assert_each_slot_once(database)
    [first, *rest] = outcomes(database, endpoint)
    assert first[:2] == ("missed", "no_collector")
    assert 28 <= first[2] <= 40
    assert rest[-1] == ("operational", None, 1)
    assert outcomes(database, old)[0][:2] == ("missed", "no_collector")
    assert daemon.sample('watchhouse_slots_missed_total{reason="no_collector"}') >= 28


def test_probing_goes_on_while_the_database_is_away(
    start: Start, database: Database, site: Site, wire: Wire, wire_url: str
) -> None:
    database.rows(DENSE)
    endpoint = watch_densely(database, "site", f"{site.url}/")
    daemon = start(DATABASE_URL=wire_url, **ALLOWED)
    daemon.wait(lambda: checked(database, endpoint) >= 2, "it is watched")
    cut_at = database.one("SELECT now()")
    wire.cut()
    before = len(site.asked["/"])
    site.statuses["/"] = 500
    daemon.wait(lambda: len(site.asked["/"]) >= before + 3, "it is probed by memory")
    daemon.wait(lambda: daemon.sample("watchhouse_checks_waiting") >= 2, "results wait")
    wire.join()
    daemon.wait(lambda: state(database, endpoint) == "major_outage", "what happened meanwhile is known")
    seen = checked(database, endpoint)
    daemon.wait(lambda: checked(database, endpoint) >= seen + 2, "it goes on")
    assert_each_slot_once(database)
    assert database.rows("SELECT slot, reason FROM checks WHERE outcome = 'missed' AND slot > %s", cut_at) == []
    assert query(database.owner_url, "SELECT state FROM state_intervals ORDER BY began_at") == [
        ("operational",),
        ("major_outage",),
    ]
