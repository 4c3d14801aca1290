"""The mark that this house's own probes carry, so that they are left out of limits, rates and analytics.

An HMAC over the second, the method and the path, under a key that only our processes know. Within its life a mark that
somebody overheard works again, but only for the same method and path: all it gives is not to be counted.
"""

import hmac
from datetime import datetime
from urllib.parse import unquote_to_bytes

HEADER = "X-Watchhouse-Probe"
VERSION = "v1"
LIFE_SECONDS = 120
HEX_LENGTH = 64


def sign(key: str, method: str, path: str, now: datetime) -> str:
    """The mark for a request to `path`, as it stands in its URL; a query is no part of it."""
    seconds = int(now.timestamp())
    plain = unquote_to_bytes(path.partition("?")[0].partition("#")[0]).decode("latin-1")
    return f"{VERSION}.{seconds}.{_digest(key, seconds, method, plain)}"


def is_genuine(key: str, mark: str, method: str, path: str, now: datetime) -> bool:
    """Whether `mark` was made with `key`, lately, for this method and path; the path as WSGI tells it."""
    seconds = signed_seconds(mark)
    if seconds is None or abs(now.timestamp() - seconds) > LIFE_SECONDS:
        return False
    return hmac.compare_digest(mark.rpartition(".")[2], _digest(key, seconds, method, path))


def signed_seconds(mark: str) -> int | None:
    """When a mark says that it was made; None for what has not the form of one."""
    version, _, rest = mark.partition(".")
    seconds, _, digest = rest.partition(".")
    has_form = version == VERSION and len(digest) == HEX_LENGTH and mark.isascii() and 0 < len(seconds) <= 12
    return int(seconds) if has_form and seconds.isdecimal() else None


def _digest(key: str, seconds: int, method: str, path: str) -> str:
    """A trailing slash says nothing, as in all our paths."""
    said = f"{seconds}\n{method}\n{path.rstrip('/') or '/'}"
    return hmac.digest(key.encode(), said.encode(), "sha256").hex()
