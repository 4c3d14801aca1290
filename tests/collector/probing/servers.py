"""Servers that answer well or badly, by the path they are asked for; on loopback, in a thread of their own."""

import asyncio
import gzip
import json
import ssl
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BOMB = gzip.compress(b"\0" * 50_000_000)
NEVER = 3600.0

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Behaviour = Callable[[Writer, bytes], Awaitable[None]]


def answer(body: bytes, head: str = "HTTP/1.1 200 OK", **headers: str) -> bytes:
    """An answer with its length."""
    lines = [head, *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


async def endless(writer: Writer, _: bytes) -> None:
    """A body without an end."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def drip(writer: Writer, _: bytes) -> None:
    """A byte now and then, so that no wait for a byte is ever long."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def drip_headers(writer: Writer, _: bytes) -> None:
    """The same before the body."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def hang(writer: Writer, _: bytes) -> None:
    """No answer at all."""
    await asyncio.sleep(NEVER)


async def hang_in_body(writer: Writer, _: bytes) -> None:
    """Headers, and then nothing."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
    await asyncio.sleep(NEVER)


async def reset(writer: Writer, _: bytes) -> None:
    """A broken connection."""
    writer.transport.abort()


FIXED: dict[str, bytes] = {
    "/ok": answer(b"all is well", Content_Type="text/plain", X_Kind="good", X_Many="one"),
    "/json": answer(json.dumps({"status": "up", "queue": {"depth": 7, "items": [1, 2]}, "on": True}).encode()),
    "/large": answer(b"x" * 1_500_000 + b"needle"),
    "/bomb": answer(BOMB, Content_Encoding="gzip"),
    "/packed": answer(gzip.compress(b"all is well"), Content_Encoding="gzip"),
    "/missing": answer(b"", "HTTP/1.1 404 Not Found"),
    "/early": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    "/garbage": b"hello, this is no HTTP\n",
    "/silent": b"",
    "/huge-headers": b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 400_000 + b"\r\n\r\n",
    "/many-headers": b"HTTP/1.1 200 OK\r\n" + b"X-Many: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 20_000 + b"\r\n",
    "/to-latin": b"HTTP/1.1 302 Found\r\nLocation: http://ex\xe4mple.com/\r\nContent-Length: 0\r\n\r\n",
    "/to-wide": b"HTTP/1.1 302 Found\r\nLocation: http://\xef\xbd\x8cocalhost:1/\r\nContent-Length: 0\r\n\r\n",
    "/deep": answer(b"[" * 900 + b"]" * 900),
    "/bad-chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
}
ACTING: dict[str, Behaviour] = {
    "/endless": endless,
    "/drip": drip,
    "/drip-headers": drip_headers,
    "/hang": hang,
    "/hang-in-body": hang_in_body,
    "/reset": reset,
}


class Server:
    """Answers by path; keeps what it was asked, as it came."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[bytes] = []
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0

    def start(self) -> "Server":
        """Listen."""
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def stop(self) -> None:
        """End every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """A URL of this server."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        listening = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls, backlog=1024)
        )
        self.port = listening.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        try:
            request = await reader.readexactly(1)
            if request == b"\x16":  # somebody begins TLS with a server that has none
                writer.write(FIXED["/missing"])
                return
            request += await reader.readuntil(b"\r\n\r\n")
            self.asked.append(request)
            path = unquote(request.split(b" ")[1].decode())
            if path in ACTING:
                await ACTING[path](writer, request)
            else:
                writer.write(self._fixed(path, request))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _fixed(self, path: str, request: bytes) -> bytes:
        if path.startswith("/to/"):
            status, _, location = path.removeprefix("/to/").partition("/")
            return answer(b"", f"HTTP/1.1 {status} Elsewhere", Location=location)
        if path == "/loop":
            return answer(b"", "HTTP/1.1 302 Found", Location="/loop")
        if path == "/asked":
            return answer(request)
        return FIXED.get(path, FIXED["/missing"])


def make_certificates(folder: Path) -> None:
    """An authority (`ca.pem`), servers' certificates of it (`good`, `expired`, `elsewhere`), and `own` of nobody's."""
    authority = _make(folder / "ca", "Test authority", days=365, is_authority=True)
    _make(folder / "good", "localhost", days=30, signed_by=authority)
    _make(folder / "expired", "localhost", days=-3, signed_by=authority)
    _make(folder / "elsewhere", "elsewhere.example", days=30, signed_by=authority)
    _make(folder / "own", "localhost", days=30)


def tls_context(folder: Path, name: str) -> ssl.SSLContext:
    """A server's side of TLS with the certificate `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


Signer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _make(path: Path, host: str, *, days: int, signed_by: Signer | None = None, is_authority: bool = False) -> Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    issuer, signing = (signed_by[0].subject, signed_by[1]) if signed_by else (name, key)
    until = datetime.now(UTC) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - timedelta(days=400))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(signing, hashes.SHA256())
    )
    path.with_suffix(".pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    path.with_suffix(".key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, key
