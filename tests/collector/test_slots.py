"""Jobs that run once a slot: over two collectors, after a failure, after a killed one, and after downtime."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.job import Context, Slots
from collector.jobs.clean_up import JOB as CLEAN_UP
from collector.jobs.make_partitions import JOB as MAKE_PARTITIONS
from collector.slots import latest_slot, run_in_slot
from tests.collector.daemons import Daemon
from tests.support.waiting import wait_for

SLOT = datetime(2026, 5, 4, 3, tzinfo=UTC)
LEASE = timedelta(minutes=5)
DONE = ("succeeded", "skipped")

slots = st.builds(
    Slots,
    every=st.sampled_from([timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)]),
    offset=st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=23)),
    lease=st.just(LEASE),
)
moments = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=36525)).map(
    lambda passed: datetime(2000, 1, 1, tzinfo=UTC) + passed
)


@given(slots, moments)
def test_the_latest_slot_is_the_one_in_which_now_lies(slots: Slots, now: datetime) -> None:
    slot = latest_slot(slots, now)
    assert slot <= now < slot + slots.every
    assert latest_slot(slots, slot) == slot


@given(slots, moments, st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)))
def test_slots_never_go_back_and_are_whole_spans_apart(slots: Slots, now: datetime, later: timedelta) -> None:
    apart = latest_slot(slots, now + later) - latest_slot(slots, now)
    assert apart >= timedelta(0)
    assert apart % slots.every == timedelta(0)


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-05-04T02:59:59.9", "2026-05-03T03:00"),
        ("2026-05-04T03:00", "2026-05-04T03:00"),
        ("2026-03-01T02:00", "2026-02-28T03:00"),
    ],
)
def test_cleaning_up_belongs_to_three_in_the_morning(now: str, slot: str) -> None:
    assert CLEAN_UP.slots is not None
    found = latest_slot(CLEAN_UP.slots, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(slot).replace(tzinfo=UTC)


def is_one_run_a_slot(daemons: list[Daemon], database: Any, job: str) -> bool:
    """Of all slots there are, as another may begin while we look."""
    runs = sum(daemon.sample(f'watchhouse_job_runs_total{{job="{job}",outcome="succeeded"}}') for daemon in daemons)
    slots = "SELECT count(*)::int, count(finished_at)::int FROM job_runs WHERE job = %s"
    return runs >= 1 and database.rows(slots, job) == [(runs, runs)]


def test_two_collectors_run_each_slot_once(start: Callable[..., Daemon], database: Any) -> None:
    daemons = [start(name, is_awaited=False) for name in ("anna", "berta")]
    for job in ("clean_up", "make_partitions"):
        ran = f'watchhouse_job_runs_total{{job="{job}",outcome="%s"}}'
        for daemon in daemons:
            daemon.wait(
                lambda daemon=daemon, ran=ran: any(daemon.sample(ran % outcome) for outcome in DONE),
                f"{job} is done or left to the other",
                limit=30,
            )
        assert wait_for(partial(is_one_run_a_slot, daemons, database, job), what=f"each slot of {job} is of one run")


def test_a_slot_that_was_missed_is_caught_up_with_at_start_once(start: Callable[..., Daemon], database: Any) -> None:
    database.rows("""INSERT INTO job_runs (job, slot, claimed_by, leased_until, finished_at)
        VALUES ('clean_up', date_trunc('day', now()) - interval '4 days 21 hours', 'anna', now(), now())""")
    daemon, ran = start(), 'watchhouse_job_runs_total{job="clean_up",outcome="%s"}'
    daemon.wait(lambda: daemon.sample(ran % "succeeded") == 1, "it ran")
    daemon.stop()
    daemon.restart().await_health()
    daemon.wait(lambda: daemon.sample(ran % "skipped") == 1, "it was found done")
    assert database.rows("SELECT count(*) FROM job_runs WHERE job = 'clean_up'") == [(2,)]


def test_of_many_at_once_one_works(context_for: Callable[..., Context[Any]]) -> None:
    context, worked = context_for(MAKE_PARTITIONS), []
    with ThreadPoolExecutor(5) as pool:
        ran = list(pool.map(lambda _: run_in_slot(context, "job", SLOT, LEASE, lambda: worked.append(1)), range(20)))
    assert (ran.count(True), len(worked)) == (1, 1)


def test_a_failure_frees_the_slot(context_for: Callable[..., Context[Any]]) -> None:
    context = context_for(MAKE_PARTITIONS)
    with pytest.raises(ZeroDivisionError):
        run_in_slot(context, "job", SLOT, LEASE, lambda: 1 // 0)
    assert run_in_slot(context, "job", SLOT, LEASE, lambda: None)


def test_a_slot_of_a_killed_collector_is_taken_over_when_its_lease_ends(
    context_for: Callable[..., Context[Any]], database: Any
) -> None:
    context = context_for(MAKE_PARTITIONS)
    database.rows(
        """INSERT INTO job_runs (job, slot, claimed_by, leased_until)
        VALUES ('held', %s, 'berta', now() + interval '1 min'), ('left', %s, 'berta', now() - interval '1 ms')""",
        SLOT,
        SLOT,
    )
    assert not run_in_slot(context, "held", SLOT, LEASE, lambda: None)
    assert run_in_slot(context, "left", SLOT, LEASE, lambda: None)
    assert database.rows("SELECT claimed_by FROM job_runs WHERE finished_at IS NOT NULL") == [("anna",)]
