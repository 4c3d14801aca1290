"""Endpoints, and what a collector finds of them, for tests that look at what auth makes of it."""

import itertools
from typing import Any

from tests.support.client import Api, Person

ENDPOINTS = "/health/api/endpoints/"

_numbers = itertools.count(1)


def endpoint(staff: Person, **fields: Any) -> dict[str, Any]:
    """An endpoint that staff makes, as it is answered."""
    body = {"name": f"Endpoint {next(_numbers):06}", "url": "/livez", **fields}
    answer = staff.call("POST", ENDPOINTS, body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made


def find(api: Api, endpoint_id: int, state: str, *, good_for: str = "1 minute") -> None:
    """What a collector would write: the endpoint stands like this, and the evidence is good for a while."""
    api.collect(
        "INSERT INTO endpoint_states (endpoint_id, state, since, valid_until, last_checked_at, last_outcome,"
        " last_duration_ms, track) VALUES (%s, %s, now() - interval '1 hour', clock_timestamp() + %s::interval,"
        " now(), 'operational', 12.5, '{}') ON CONFLICT (endpoint_id) DO UPDATE SET state = excluded.state,"
        " valid_until = excluded.valid_until",
        endpoint_id,
        state,
        good_for,
    )


def faults(answer: Any) -> list[str]:
    """The fields that a 422 names."""
    assert answer.status_code == 422, answer.text
    return sorted(answer.get_json()["errors"])
