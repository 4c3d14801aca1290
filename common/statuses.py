"""Which HTTP statuses an endpoint is expected to answer with: `200`, `2xx`, `200-204`. Pure."""

import re
from functools import lru_cache

CLASS = re.compile(r"([1-5])xx", re.IGNORECASE)
RANGE = re.compile(r"([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?")
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@lru_cache(maxsize=1024)
def parse_statuses(listed: tuple[str, ...]) -> frozenset[int]:
    """All statuses that `listed` names; raises ValueError naming what cannot be read."""
    return frozenset(status for word in listed for status in _read(word.strip()))


def _read(word: str) -> range:
    if found := CLASS.fullmatch(word):
        first = int(found[1]) * 100
        return range(first, first + 100)
    if found := RANGE.fullmatch(word):
        low, high = int(found[1]), int(found[2] or found[1])
        if low <= high:
            return range(low, high + 1)
    raise ValueError(f"{word!r} is no status: write 200, 2xx or 200-204")
