"""What every answer has, whoever gives it: the WSGI layer around Flask.

It gives a request its id, bounds what reaches routing (methods, trailing slashes, the client's address), and puts
id, time and security headers on the answer. What was answered it tells to a `record`, before the client can have got
all of it: what a client saw is written down whatever happens to this process. It runs on every request: keep it short.
"""

import re
import secrets
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from time import perf_counter
from typing import Any

from auth.answers import Answer, Environ, Headers, Record
from common.networks import is_within
from common.settings import Network

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "OTHER"
SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
DATA_HEADERS: Headers = [
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
]
PAGE_HEADERS: Headers = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    (
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
]

REQUEST_ID = "watchhouse.request_id"
CLIENT_ADDRESS = "watchhouse.client_address"
ADDED_HEADERS = "watchhouse.headers"
IS_PROBE = "watchhouse.is_probe"
USER_ID = "watchhouse.user_id"  # whoever it turns out to be
PROBLEM = "watchhouse.problem"  # title and detail, when the answer is one
PROBE_MARK = "HTTP_X_WATCHHOUSE_PROBE"


class Gate:
    """WSGI middleware; the application finds what it adds in the environ under the names above."""

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        trusted_proxies: tuple[Network, ...],
        is_probe: Callable[[Environ], bool],
        record: Record | None = None,
    ) -> None:
        self._app = app
        self._is_probe = is_probe
        self._record = record
        self._has_proxies = bool(trusted_proxies)
        self._is_proxy = lru_cache(1024)(lambda address: is_within(address, trusted_proxies))

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = perf_counter()
        request_id, added = self._prepare(environ)
        answer = Answer(environ, started, self._record)

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            answer.begin(status, headers)
            # What a browser may do with a page has no meaning for data, and the server checks every header it writes.
            headers += PAGE_HEADERS if any("text/html" in value for _, value in headers) else DATA_HEADERS
            headers += added
            headers.append(("X-Request-ID", request_id))
            headers.append(("X-Response-Time", f"{perf_counter() - started:.3f}s"))
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        try:
            body = self._app(environ, start)
        except Exception:
            answer.fail()
            raise
        return answer.send(body)

    def _prepare(self, environ: Environ) -> tuple[str, Headers]:
        """Bound what comes in; the request's id, and a list for headers that the application adds."""
        request_id = environ.get("HTTP_X_REQUEST_ID", "")
        if not SANE_ID.match(request_id):
            request_id = secrets.token_hex(8)
        added: Headers = []
        environ[REQUEST_ID] = request_id
        environ[ADDED_HEADERS] = added
        environ[CLIENT_ADDRESS] = self._client_address(environ) if self._has_proxies else environ.get("REMOTE_ADDR", "")
        if environ["REQUEST_METHOD"] not in METHODS:
            environ["REQUEST_METHOD"] = OTHER  # a label of its own for each invented method would never end
        if PROBE_MARK in environ and self._is_probe(environ):
            environ[IS_PROBE] = True
        path = environ.get("PATH_INFO", "")
        if path.endswith("/") and len(path) > 1:
            environ["PATH_INFO"] = path.rstrip("/") or "/"
        return request_id, added

    def _client_address(self, environ: Environ) -> str:
        """The nearest address that is no proxy of ours: the only one in the chain that nobody could invent."""
        address: str = environ.get("REMOTE_ADDR", "")
        for hop in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            if not self._is_proxy(address) or not is_address(hop.strip()):
                break
            address = hop.strip()
        return address


def is_address(text: str) -> bool:
    """Whether `text` is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(4096)
def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, the /64 of an IPv6 one, of which everybody has more than enough."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4 or found.ipv4_mapped:
        return str(found)
    return str(ip_network((int(found), 64), strict=False))
