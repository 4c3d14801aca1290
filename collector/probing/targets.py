"""Endpoints as their rows define them, made into targets. Knows of this house's own service, and no schedule."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import orjson

from collector.probing.target import Target
from common.assertions import parse_assertions
from common.probe_mark import HEADER, sign


class EndpointRow(NamedTuple):
    """What statements tell of an endpoint, in their order; headers and assertions as JSON."""

    endpoint_id: int
    name: str
    url: str
    method: str
    headers: str
    body: str | None
    interval_seconds: int
    timeout_seconds: int
    retries: int
    expected_status: list[str]
    assertions: str
    degraded_after_ms: int


@dataclass(frozen=True)
class Definition:
    """An endpoint as it is checked. One that cannot be understood has no target, but a `fault`."""

    endpoint_id: int
    name: str
    interval: timedelta
    retries: int
    target: Target | None
    fault: str | None = None


class Targets:
    """Makes definitions of rows, each once while its row stays as it is, and signs what goes to our own service."""

    def __init__(self, auth_url: str) -> None:
        self.key: str | None = None  # without it our probes go unmarked, and are counted like anybody's requests
        self._auth_url = auth_url.rstrip("/")
        self._made: dict[int, tuple[EndpointRow, Definition]] = {}

    def define(self, row: EndpointRow) -> Definition:
        """The definition in `row`."""
        known = self._made.get(row.endpoint_id)
        if known is not None and known[0] == row:
            return known[1]
        definition = self._define(row)
        self._made[row.endpoint_id] = (row, definition)
        return definition

    def signed(self, target: Target, now: datetime) -> Target:
        """The target as it goes out at `now`: to our own service with the mark, elsewhere as it is."""
        if not target.is_own or self.key is None:
            return target
        mark = sign(self.key, target.method, urlsplit(target.url).path, now)
        return replace(target, headers={**target.headers, HEADER: mark})

    def forget(self, endpoint_ids: set[int]) -> None:
        """These are gone."""
        for endpoint_id in endpoint_ids:
            self._made.pop(endpoint_id, None)

    def _define(self, row: EndpointRow) -> Definition:
        target, fault = None, None
        try:
            target = self._target(row)
        except ValueError:
            fault = "its definition cannot be understood"
        interval = timedelta(seconds=row.interval_seconds)
        return Definition(row.endpoint_id, row.name, interval, row.retries, target, fault)

    def _target(self, row: EndpointRow) -> Target:
        is_own = row.url.startswith("/")
        target = Target(
            endpoint_id=row.endpoint_id,
            name=row.name,
            url=self._auth_url + row.url if is_own else row.url,
            method=row.method,
            headers=orjson.loads(row.headers),
            body=None if row.body is None else row.body.encode(),
            timeout_seconds=row.timeout_seconds,
            expected_status=tuple(row.expected_status),
            assertions=parse_assertions(orjson.loads(row.assertions)),
            degraded_after_ms=row.degraded_after_ms,
            is_own=is_own,
        )
        _ = target.expected  # read now, so that a status that cannot be is found here
        return target
