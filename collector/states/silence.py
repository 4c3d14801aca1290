"""Silence: whose changes and alerts need not be told, and why. Checks go on meanwhile, and so do intervals."""

from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from common.states import MAJOR_OUTAGE, State

Reason = Literal["maintenance", "parent_outage", "parent_maintenance"]


def silence(
    endpoint_id: int,
    parents: Mapping[int, int | None],
    states: Mapping[int, State],
    in_maintenance: Collection[int],
) -> Reason | None:
    """Why an endpoint is not told of just now: planned maintenance, or a parent (or its parent) that is out itself."""
    if endpoint_id in in_maintenance:
        return "maintenance"
    for ancestor in ancestors(endpoint_id, parents):
        if ancestor in in_maintenance:
            return "parent_maintenance"
        if states.get(ancestor) == MAJOR_OUTAGE:
            return "parent_outage"
    return None


def ancestors(endpoint_id: int, parents: Mapping[int, int | None]) -> Iterator[int]:
    """Its parent, that one's parent and so on, each once, though they lead in a circle."""
    seen = {endpoint_id}
    parent = parents.get(endpoint_id)
    while parent is not None and parent not in seen:
        yield parent
        seen.add(parent)
        parent = parents.get(parent)
