"""Results as rows: what is written of a check, of a missed slot, of a state and of its intervals. Pure."""

import dataclasses
import json
from datetime import datetime
from typing import Any

import orjson

from collector.probing.checks import Finished
from collector.probing.fence import Missed
from collector.probing.outcome import Attempt
from collector.states.steps import Step

SEEN = tuple(field.name for field in dataclasses.fields(Attempt) if field.name != "started_at")
NO_PLACE = "no_place"  # too many probes ran for it to begin before its next slot

Cells = dict[str, Any]


def row_of_check(finished: Finished, collector: str) -> Cells:
    """A check as its row."""
    row: Cells = {
        "endpoint_id": finished.definition.endpoint_id,
        "slot": finished.slot,
        "slots": 1,
        "attempts": max(finished.attempts, 1),
        "collector": collector,
        "is_asked": finished.is_asked,
    }
    attempt = finished.attempt
    if attempt is None:
        return row | {"outcome": "missed", "reason": NO_PLACE}
    row |= {name: getattr(attempt, name) for name in SEEN}
    row["started_at"] = finished.started_at
    return row


def row_of_missed(endpoint_id: int, missed: Missed, collector: str) -> Cells:
    """Slots without a result as their row."""
    return {
        "endpoint_id": endpoint_id,
        "slot": missed.slot,
        "slots": missed.slots,
        "outcome": "missed",
        "reason": missed.reason,
        "attempts": 1,
        "collector": collector,
        "is_asked": False,
    }


def row_of_state(endpoint_id: int, step: Step, last: Finished, attempt: Attempt) -> Cells:
    """Where an endpoint stands after its last check."""
    return {
        "endpoint_id": endpoint_id,
        "state": step.track.state,
        "since": step.track.since,
        "valid_until": step.track.valid_until,
        "last_checked_at": last.started_at,
        "last_outcome": attempt.outcome,
        "last_reason": attempt.reason,
        "last_duration_ms": attempt.duration_ms,
        "certificate_expires_at": attempt.certificate_expires_at,
        "track": step.track.to_dict(),
    }


def rows_of_intervals(endpoint_id: int, step: Step) -> list[Cells]:
    """What takes the place of its open interval."""
    return [{"endpoint_id": endpoint_id, **interval._asdict()} for interval in step.tail or ()]


def to_json(rows: list[Cells]) -> str:
    """Rows as a statement takes them, without the signs that PostgreSQL's JSON cannot hold: NUL, halves of pairs."""
    try:
        text = orjson.dumps(rows).decode()
    except TypeError:  # half a pair, out of somebody's answer
        text = json.dumps(rows, default=datetime.isoformat, ensure_ascii=False).encode("utf-8", "replace").decode()
    return text.replace("\\u0000", "\\ufffd")
