"""A libcurl handle that makes one hop at a time: one request on one connection of its own, with every limit set.

Knows nothing of endpoints and verdicts. Redirects are not its doing: whoever uses it decides on each hop.
"""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pycurl
from cryptography import x509

from collector.probing.phases import Times

USER_AGENT = "Watchhouse/0.1 (+probe)"
MOST_KEPT = 67_108_864  # bytes of bodies in memory at one time, all checks together

OpenSocket = Callable[[str, int], bool]  # address and port: may it be connected to?


@dataclass
class Room:
    """What all handles share: the memory that bodies may take, and sockets that libcurl has its own copies of."""

    limit: int = MOST_KEPT
    used: int = 0
    spares: list[socket.SocketType] = field(default_factory=list)

    def close_spares(self) -> None:
        """To be said between libcurl's turns; else each connection would take two of our open files."""
        while self.spares:
            self.spares.pop().close()


@dataclass(frozen=True)
class Request:
    """One hop."""

    url: str
    method: str
    headers: list[str]
    body: bytes | None
    timeout_ms: int
    resolve: str | None  # host, port and the addresses found for it; None for an address
    is_tls: bool
    keeps_body: bool
    keeps_headers: bool
    only_connects: bool = False  # to look at a certificate that is not trusted


@dataclass
class Received:
    """What came of a hop, as it comes."""

    size: int = 0
    chunks: list[bytes] = field(default_factory=list)
    headers: list[bytes] = field(default_factory=list)
    is_cut: bool = False


class Handle:
    """Reused for many hops; every hop is a new connection."""

    def __init__(self, may_connect: OpenSocket, room: Room, *, body_cap: int, ca_file: str | None) -> None:
        self.curl = pycurl.Curl()
        self.received = Received()
        self.connected_to: str | None = None
        self._may_connect = may_connect
        self._room = room
        self._body_cap = body_cap
        self._keeps_body = False
        self._has_resolve = False
        self._set_limits(ca_file or default_ca_file())

    def _set_limits(self, ca_file: str | None) -> None:
        """What holds for every hop. Proxies, cookies, netrc and other protocols are off, whatever surrounds us."""
        for option, value in (
            (pycurl.NOSIGNAL, 1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),
            (pycurl.FRESH_CONNECT, 1),
            (pycurl.FORBID_REUSE, 1),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.HTTP09_ALLOWED, 0),
            (pycurl.HTTP_CONTENT_DECODING, 0),
            (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
            (pycurl.SSL_SESSIONID_CACHE, 0),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.USERAGENT, USER_AGENT),
            (pycurl.OPENSOCKETFUNCTION, self._open_socket),
            (pycurl.WRITEFUNCTION, self._take_body),
        ):
            self.curl.setopt(option, value)
        if ca_file is not None:
            self.curl.setopt(pycurl.CAINFO, ca_file)

    def aim(self, request: Request) -> None:
        """Make ready for a hop."""
        curl = self.curl
        self.received = Received()
        self.connected_to = None
        self._keeps_body = request.keeps_body
        curl.setopt(pycurl.URL, request.url)
        curl.setopt(pycurl.TIMEOUT_MS, request.timeout_ms)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, request.timeout_ms)  # libcurl's own would end it after 300 s
        curl.setopt(pycurl.HTTPHEADER, request.headers)
        self._set_method(request.method, request.body)
        if request.resolve is not None or self._has_resolve:
            curl.setopt(pycurl.RESOLVE, [request.resolve] if request.resolve is not None else [])
            self._has_resolve = request.resolve is not None
        if request.keeps_headers:
            curl.setopt(pycurl.HEADERFUNCTION, self._take_header)
        else:
            curl.unsetopt(pycurl.HEADERFUNCTION)
        curl.setopt(pycurl.OPT_CERTINFO, 1 if request.is_tls else 0)
        if request.only_connects:
            self._only_connect()

    def _set_method(self, method: str, body: bytes | None) -> None:
        curl = self.curl
        curl.setopt(pycurl.HTTPGET, 1)  # takes back NOBODY and POST of the hop before
        curl.unsetopt(pycurl.CUSTOMREQUEST)
        if body is not None:
            curl.setopt(pycurl.POSTFIELDS, body)
        if method == "HEAD":
            curl.setopt(pycurl.NOBODY, 1)
        elif method != "GET" or body is not None:
            curl.setopt(pycurl.CUSTOMREQUEST, method)

    def _only_connect(self) -> None:
        self.curl.setopt(pycurl.CONNECT_ONLY, 1)
        self.curl.setopt(pycurl.SSL_VERIFYPEER, 0)
        self.curl.setopt(pycurl.SSL_VERIFYHOST, 0)

    def rest(self) -> None:
        """Forget what came; its bytes make room for others."""
        self._room.used -= sum(map(len, self.received.chunks))
        self.received = Received()

    def close(self) -> None:
        """Give it back to the system."""
        self.rest()
        self.curl.close()

    def _open_socket(self, _purpose: int, wanted: Any) -> Any:
        """Asked at every real connect. libcurl makes a copy of the socket when this returns; ours is closed after."""
        address, port = wanted.addr[0], wanted.addr[1]
        if not self._may_connect(address, port):
            return pycurl.SOCKET_BAD
        self.connected_to = address
        made = socket.SocketType(wanted.family, wanted.socktype, wanted.protocol)
        self._room.spares.append(made)
        return made

    def _take_body(self, chunk: bytes) -> int:
        """Counts what comes, keeps what is wanted; 0 ends the transfer."""
        received, size = self.received, len(chunk)
        received.size += size
        if self._keeps_body:
            if self._room.used + size > self._room.limit:
                received.is_cut = True
                return 0
            received.chunks.append(chunk)
            self._room.used += size
        if received.size > self._body_cap:
            received.is_cut = True
            return 0
        return size

    def _take_header(self, line: bytes) -> None:
        """One line at a time; a new status line begins the headers that count."""
        if line.startswith(b"HTTP/"):
            self.received.headers.clear()
        else:
            self.received.headers.append(line)

    @property
    def times(self) -> Times:
        """How far the hop came, and when."""
        get = self.curl.getinfo
        return Times(
            lookup=get(pycurl.NAMELOOKUP_TIME),
            connected=get(pycurl.CONNECT_TIME),
            secured=get(pycurl.APPCONNECT_TIME),
            first_byte=get(pycurl.STARTTRANSFER_TIME),
            total=get(pycurl.TOTAL_TIME),
        )

    @property
    def status(self) -> int | None:
        """The status that came, if any."""
        return self.curl.getinfo(pycurl.RESPONSE_CODE) or None

    @property
    def redirect_url(self) -> str | None:
        """Where the answer sends us, as a whole URL. Its bytes are a stranger's: no charset is sure."""
        found: bytes | None = self.curl.getinfo_raw(pycurl.REDIRECT_URL)
        return None if found is None else found.decode("utf-8", "replace")

    @property
    def system_error(self) -> int:
        """The system's own number for the last failure to connect."""
        number: int = self.curl.getinfo(pycurl.OS_ERRNO)
        return number

    @property
    def certificate_expires_at(self) -> datetime | None:
        """When the server's own certificate ends; None when none was seen."""
        for fields in self.curl.getinfo(pycurl.INFO_CERTINFO)[:1]:
            for name, value in fields:
                if name == "Cert":
                    return read_expiry(value)
        return None


def read_expiry(pem: str) -> datetime | None:
    """When a certificate ends; None when it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc.astimezone(UTC)
    except ValueError:
        return None


def default_ca_file() -> str | None:
    """The system's list of authorities; SSL_CERT_FILE names another."""
    return ssl.get_default_verify_paths().cafile
