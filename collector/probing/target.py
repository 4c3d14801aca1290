"""What to ask, and what is expected of the answer."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from common.addresses import PORTS, plain_host
from common.assertions import BodyContains, BodyMatches, Header, Json
from common.statuses import REDIRECTS, parse_statuses

MOST_REDIRECTS = 5


@dataclass(frozen=True)
class Where:
    """Where a URL leads: its scheme, host and port."""

    scheme: str
    host: str
    port: int

    @property
    def place(self) -> str:
        """Host and port: what the cap by host counts."""
        return f"{self.host}:{self.port}"


def read_where(url: str) -> Where | None:
    """None for what is no URL of http or https."""
    try:
        parts = urlsplit(url)
        host, port = plain_host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not host:
        return None
    return Where(parts.scheme, host, port or PORTS[parts.scheme])


@dataclass(frozen=True)
class Target:
    """An endpoint as it is to be asked; `is_own` ones lead to this house's own service and nowhere else.

    Redirects are followed unless one is what is expected.
    """

    endpoint_id: int
    name: str
    url: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout_seconds: float = 10.0
    expected_status: tuple[str, ...] = ("2xx",)
    assertions: tuple[Any, ...] = ()
    degraded_after_ms: float = 1000.0
    is_own: bool = False
    max_redirects: int = MOST_REDIRECTS

    def __post_init__(self) -> None:
        """A line break in a header would begin another header, or another request; libcurl is given ASCII only."""
        for text in (self.method, self.url, *self.headers, *self.headers.values()):
            if not text.isascii() or any(sign in text for sign in "\r\n\0"):
                raise ValueError("a method, URL or header holds a line break, or signs beyond ASCII")

    @cached_property
    def where(self) -> Where | None:
        """Where it leads; None when its URL cannot be read."""
        return read_where(self.url)

    @cached_property
    def expected(self) -> frozenset[int]:
        """All statuses that are expected."""
        return parse_statuses(self.expected_status)

    @cached_property
    def redirects(self) -> int:
        """How many redirects are followed."""
        return 0 if self.expected & REDIRECTS else self.max_redirects

    @cached_property
    def needs_body(self) -> bool:
        """Whether an assertion looks into the body."""
        return any(isinstance(demand, BodyContains | BodyMatches | Json) for demand in self.assertions)

    @cached_property
    def needs_headers(self) -> bool:
        """Whether headers must be kept: for an assertion, or to read the body by."""
        return self.needs_body or any(isinstance(demand, Header) for demand in self.assertions)
