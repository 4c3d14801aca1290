"""One step of a check: a URL, and what may be said there. Pure: decides on redirects and keeps secrets at home."""

from dataclasses import dataclass

from collector.probing.target import Target, Where, read_where
from common.statuses import REDIRECTS

OWN_HEADERS = ("accept", "user-agent", "accept-language")  # which carry no secret, and may go along anywhere


@dataclass
class Hop:
    """`named` are the addresses its host was resolved to; a refusal counts only while no address was allowed."""

    url: str
    where: Where | None
    method: str
    headers: list[str]
    body: bytes | None
    began: float
    named: frozenset[str] = frozenset()
    dns_ms: float | None = None
    refusal: str | None = None
    was_allowed: bool = False


def first_hop(target: Target, now: float) -> Hop:
    """The target's own URL."""
    lines = header_lines(target.headers, target.body)
    return Hop(target.url, target.where, target.method, lines, target.body, now)


def header_lines(headers: dict[str, str], body: bytes | None) -> list[str]:
    """Headers as libcurl takes them. One that is empty is written with `;`: with `:` it would be left out.

    The server closes after its answer: who closes first keeps the port for a minute, and we have less of them.
    """
    given = {name.lower() for name in headers}
    lines = [f"{name}: {value}" if value else f"{name};" for name, value in headers.items()]
    if "connection" not in given:
        lines.append("Connection: close")
    if body is not None and "content-type" not in given:
        lines.append(f"Content-Type: {'application/json' if body[:1] in b'{[' else 'text/plain'}")
    return lines


def is_redirect(target: Target, status: int, location: str | None) -> bool:
    """Whether an answer is to be followed rather than judged."""
    return status in REDIRECTS and location is not None and target.redirects > 0


def next_hop(target: Target, hop: Hop, status: int, location: str, now: float) -> Hop | str:
    """The hop after a redirect, or why there is none.

    Headers and body were meant for one scheme, host and port; elsewhere they are not carried.
    """
    where = read_where(location) if location.isascii() else None
    if where is None:
        return "sent to no URL of http or https"
    method, body = _carried(hop, status)
    if where == hop.where:
        return Hop(location, where, method, hop.headers, body, now)
    if body is not None:
        return "sent elsewhere with the body of the request"
    harmless = {name: value for name, value in target.headers.items() if name.lower() in OWN_HEADERS}
    return Hop(location, where, method, header_lines(harmless, None), None, now)


def _carried(hop: Hop, status: int) -> tuple[str, bytes | None]:
    """307 and 308 keep method and body; else a POST becomes a GET, as all browsers have it."""
    if status in {307, 308} or (status in {301, 302} and hop.method != "POST") or hop.method == "HEAD":
        return hop.method, hop.body
    return "GET", None
