"""Runs the proxy's configuration as it stands, natively: nginx over a service that answers as a test wants.

Only what belongs to a container is put elsewhere: ports, the certificate, the name server and the services' names.
"""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from tests.docker.compose_files import ROOT
from tests.support.ports import free_port
from tests.support.waiting import wait_for

CONFIGURATION = ROOT / "docker" / "nginx.conf"
OWN_ANSWER = b'{"detail":"the service says so itself"}'
OUTER = """daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{ }}
http {{
    access_log off;
    types {{ text/html html; application/javascript js; }}
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/default.conf;
}}
"""


class Service(BaseHTTPRequestHandler):
    """Answers `/<status>` with that status and an answer of its own; not at all for `/slow`."""

    protocol_version = "HTTP/1.1"
    never = threading.Event()

    def do_GET(self) -> None:
        """One answer."""
        if self.path == "/slow":
            self.never.wait(3)
            self.close_connection = True
            return
        status = int(self.path[1:]) if self.path[1:].isdigit() else 200
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(OWN_ANSWER)))
        self.end_headers()
        self.wfile.write(OWN_ANSWER)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def run_service() -> Iterator[str]:
    """The service's `host:port`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def run_proxy(folder: Path, service: str, changes: dict[str, str] | None = None) -> Iterator[str]:
    """nginx before `service`, with more `changes` to its configuration; the URL where it answers by TLS."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert program, "nginx is not on this machine"
    port = free_port()
    _write(folder, service, port, changes or {})
    configuration = folder / "nginx.conf"
    configuration.write_text(OUTER.format(folder=folder))
    with subprocess.Popen([program, "-e", "stderr", "-p", str(folder), "-c", str(configuration)]) as running:
        try:
            wait_for(lambda: answers(running, f"https://127.0.0.1:{port}"))
            yield f"https://127.0.0.1:{port}"
        finally:
            running.terminate()


def answers(running: "subprocess.Popen[bytes]", url: str) -> bool:
    """Whether it answers yet; fails at once when it has ended."""
    assert running.poll() is None, "nginx does not take the configuration"
    try:
        requests.get(url, verify=False, timeout=5)
    except requests.ConnectionError:
        return False
    return True


def _write(folder: Path, service: str, port: int, changes: dict[str, str]) -> None:
    text = CONFIGURATION.read_text()
    for old, new in {
        "listen 8080;": f"listen 127.0.0.1:{free_port()};",
        "listen 8443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "http://auth:5000": f"http://{service}",
        "http://grafana:3000": f"http://{service}",
        "/etc/nginx/tls/": f"{folder}/",
        **changes,
    }.items():
        assert old in text
        text = text.replace(old, new)
    # Debian's nginx is older than this directive.
    (folder / "default.conf").write_text(re.sub(r"^ *http2 on;\n", "", text, flags=re.MULTILINE))
    _make_certificate(folder)


def _make_certificate(folder: Path) -> None:
    names = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem"), "-subj", "/CN=localhost"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names],
        check=True,
        capture_output=True,
    )
