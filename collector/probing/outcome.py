"""What came of asking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Outcome = Literal["operational", "degraded", "major_outage"]

Reason = Literal[
    "url",  # it leads nowhere
    "dns",  # its name could not be resolved
    "blocked",  # its address may not be connected to
    "refused",  # nobody listens there
    "connect",  # no connection for another cause
    "tls",  # no trusted connection
    "timeout",
    "protocol",  # what came is no answer of HTTP, or not all of it
    "redirects",  # too many, or to where none may lead
    "too_large",  # more than is read
    "status",
    "assertion",
    "internal",  # our own fault
]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One exchange: its verdict, its time by phase, and what was seen. Holds no secret of the request.

    `duration_ms` is from its start to its end, redirects included; the phases are those of its last hop. A phase that
    was not reached is None; one in which it ended badly lasts until then.
    """

    outcome: Outcome
    reason: Reason | None
    detail: str | None
    started_at: datetime
    duration_ms: float
    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    wait_ms: float | None = None
    transfer_ms: float | None = None
    status_code: int | None = None
    body_bytes: int | None = None
    address: str | None = None
    certificate_expires_at: datetime | None = None
    assertions: list[dict[str, Any]] | None = None
