"""One transaction for many results: which of them count, their rows, the states they lead to, and the news of those."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson
from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.on_change import EndpointChange
from collector.probing.checks import Finished
from collector.probing.fence import Place, judge_slots
from collector.probing.rows import (
    Cells,
    row_of_check,
    row_of_missed,
    row_of_state,
    rows_of_intervals,
    to_json,
)
from collector.states.steps import Observation, advance_all
from collector.states.track import Track
from common.states import MAJOR_OUTAGE, Outcome
from sql import statements
from sql.statements import run

LEAST_SLACK = timedelta(seconds=2)

OnChange = Callable[[PoolProxiedConnection, Sequence[EndpointChange], datetime], None]

schedule = statements.load("schedule")
checks = statements.load("checks")


class Standing(NamedTuple):
    """An endpoint that is still there, and its track before these results."""

    endpoint_id: int
    name: str
    track: Track | None


@dataclass
class Batch:
    """What one transaction writes."""

    collector: str
    checks: list[Cells] = field(default_factory=list)
    places: list[Cells] = field(default_factory=list)
    states: list[Cells] = field(default_factory=list)
    intervals: list[Cells] = field(default_factory=list)
    changes: list[EndpointChange] = field(default_factory=list)
    missed: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # slots by reason
    refused: int = 0


def store(
    connection: PoolProxiedConnection, results: Iterable[Finished], collector: str, on_change: OnChange, now: datetime
) -> Batch:
    """Store results, each slot's once, with everything that follows from them."""
    batch = Batch(collector)
    by_endpoint: dict[int, list[Finished]] = defaultdict(list)
    for result in results:
        by_endpoint[result.definition.endpoint_id].append(result)
    endpoint_ids = sorted(by_endpoint)
    places = {row[0]: Place(*row[1:]) for row in run(connection, schedule.lock_schedule, endpoint_ids=endpoint_ids)}
    known = {
        endpoint_id: Standing(endpoint_id, name, Track.from_dict(orjson.loads(track)) if track else None)
        for endpoint_id, name, track in run(connection, checks.read_tracks, endpoint_ids=endpoint_ids)
    }
    for endpoint_id in endpoint_ids:
        if endpoint_id in known:
            _add(batch, known[endpoint_id], places.get(endpoint_id), by_endpoint[endpoint_id])
        else:  # it was deleted meanwhile
            batch.refused += len(by_endpoint[endpoint_id])
    _write(connection, batch, on_change, now)
    return batch


def _add(batch: Batch, standing: Standing, place: Place | None, results: list[Finished]) -> None:
    """Add what an endpoint's results come to."""
    counted = [
        (result, max(result.ended_at, result.started_at + result.definition.interval))
        for result in results
        if result.is_asked
    ]
    planned = sorted((result for result in results if not result.is_asked), key=lambda result: result.slot)
    if place is not None and planned:
        verdict = judge_slots(place, planned, batch.collector)
        counted += zip(verdict.accepted, verdict.reaches, strict=True)
        batch.places.append(
            {"endpoint_id": standing.endpoint_id, "next_slot": verdict.next_slot, "is_held": verdict.is_held}
        )
        batch.refused += verdict.refused
        for missed in verdict.missed:
            batch.missed[missed.reason] += missed.slots
            batch.checks.append(row_of_missed(standing.endpoint_id, missed, batch.collector))
    else:  # its place is gone: it was disabled or deleted while it was checked
        batch.refused += len(planned)
    batch.checks += [row_of_check(result, batch.collector) for result, _ in counted]
    _advance(batch, standing, sorted(counted, key=lambda one: one[0].started_at))


def _advance(batch: Batch, standing: Standing, counted: list[tuple[Finished, datetime]]) -> None:
    """Lead the endpoint's track over its results."""
    endpoint_id, name, track = standing
    seen = [(result, result.attempt, reach) for result, reach in counted if result.attempt is not None]
    observations = [observe(result, attempt.outcome, reach) for result, attempt, reach in seen]
    step = advance_all(track, observations)
    if step is None:
        return
    last, last_attempt, _ = seen[-1]
    failures = {result.ended_at: attempt.reason for result, attempt, _ in seen if attempt.outcome == MAJOR_OUTAGE}
    batch.states.append(row_of_state(endpoint_id, step, last, last_attempt))
    batch.intervals += rows_of_intervals(endpoint_id, step)
    batch.changes += [
        EndpointChange(endpoint_id, name, change, failures.get(change.noticed_at)) for change in step.changes
    ]


def observe(result: Finished, outcome: Outcome, reach: datetime) -> Observation:
    """A result as evidence: until the next check is due, and a little longer, since that one takes its time, too."""
    slack = max(LEAST_SLACK, result.definition.interval / 10)
    return Observation(result.started_at, result.ended_at, outcome, reach + slack)


def _write(connection: PoolProxiedConnection, batch: Batch, on_change: OnChange, now: datetime) -> None:
    if batch.places:
        run(connection, schedule.move_schedule, places=to_json(batch.places))
    if batch.checks:
        run(connection, checks.store_checks, checks=to_json(batch.checks))
    if batch.states:
        run(connection, checks.store_states, states=to_json(batch.states))
    if batch.intervals:
        run(connection, checks.store_intervals, intervals=to_json(batch.intervals))
    if batch.changes:
        on_change(connection, batch.changes, now)
