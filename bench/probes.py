"""Checks a second with a new connection for each, guarded, beside libcurl bare; CPU a check beside blackbox-exporter.

The target is an nginx that answers from memory: its own work is not counted, but it shares the machine.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import psutil
import pycurl
import requests

from bench import load
from bench.report import Figure, at_least, at_most
from collector.probing.engine import Engine
from collector.probing.guard import Guard
from collector.probing.outcome import Attempt
from collector.probing.target import Target
from collector.probing.transfers import Transfers
from common.addresses import parse_allowed
from tests.support.ports import free_port
from tests.support.waiting import wait_for

AT_ONCE = 100
SECONDS = 3.0
ROUNDS = 5
BLACKBOX_RATE = 400  # checks a second that it makes without effort
BLACKBOX_CONNECTIONS = 8

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ default_type text/plain; return 200 "ok\\n"; }} }}
}}
"""
BLACKBOX = """
modules:
  http_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
"""


def measure(folder: Path) -> list[Figure]:
    """Rates and CPU in interleaved rounds; the median of each."""
    with open_nginx(folder) as url, open_blackbox(folder) as blackbox:
        bare, guarded, theirs = [], [], []
        for _ in range(ROUNDS):
            bare.append(make_bare_checks(url))
            guarded.append(make_guarded_checks(url))
            theirs.append(make_blackbox_checks(blackbox, url))
    rate, cpu = median(rate for rate, _ in guarded), median(cpu for _, cpu in guarded)
    other = median(theirs)
    print(f"     bare libcurl {median(rate for rate, _ in bare):.0f}/s, {median(cpu for _, cpu in bare) * 1e6:.0f} us")
    print(f"     guarded      {rate:.0f}/s, {cpu * 1e6:.0f} us of CPU a check; blackbox-exporter {other * 1e6:.0f} us")
    return [
        at_least("guarded checks a second, a new connection for each", rate, 3000, "/s"),
        at_least("guarded: of the rate of libcurl bare", rate / median(rate for rate, _ in bare), 0.4),
        at_most("CPU of a guarded check: of prometheus-blackbox-exporter's", cpu / other, 0.25),
    ]


def make_guarded_checks(url: str) -> tuple[float, float]:
    """Checks a second and CPU seconds a check of the engine, `AT_ONCE` at a time."""
    engine = Engine(Guard.of(parse_allowed("127.0.0.0/8")), at_once=AT_ONCE, per_host=AT_ONCE)
    target = Target(1, "bench", url)
    made = 0

    def again(attempt: Attempt) -> None:
        nonlocal made
        assert attempt.outcome == "operational", attempt
        made += 1
        engine.submit(target, again)

    for _ in range(AT_ONCE):
        engine.submit(target, again)
    try:
        return _clock(lambda: engine.step(0.1), lambda: made)
    finally:
        engine.close()


def make_bare_checks(url: str) -> tuple[float, float]:
    """The same of libcurl with no guard, no limits and no verdict."""
    transfers, made = Transfers(), 0
    handles = [pycurl.Curl() for _ in range(AT_ONCE)]
    for handle in handles:
        for option, value in (
            (pycurl.URL, url),
            (pycurl.FRESH_CONNECT, 1),
            (pycurl.FORBID_REUSE, 1),
            (pycurl.HTTPHEADER, ["Connection: close"]),
            (pycurl.WRITEFUNCTION, len),
        ):
            handle.setopt(option, value)
        transfers.add(handle)

    def turn() -> None:
        nonlocal made
        transfers.turn(time.monotonic() + 0.1)
        for handle, _, _ in transfers.ended():
            made += 1
            transfers.remove(handle)
            transfers.add(handle)

    try:
        return _clock(turn, lambda: made)
    finally:
        for handle in handles:
            transfers.remove(handle)
            handle.close()
        transfers.close()


def _clock(turn: Callable[[], None], count: Callable[[], int]) -> tuple[float, float]:
    before, began, cpu = count(), time.monotonic(), time.thread_time()
    while time.monotonic() < began + SECONDS:
        turn()
    made = count() - before
    return made / (time.monotonic() - began), (time.thread_time() - cpu) / made


def make_blackbox_checks(blackbox: tuple[psutil.Process, str], url: str) -> float:
    """CPU seconds a check of the exporter, asked as Prometheus would, at a bounded rate."""
    process, own_url = blackbox
    path = "/probe?" + urlencode({"target": url, "module": "http_2xx"})
    asked = [load.make_request(own_url, path)] * BLACKBOX_CONNECTIONS
    before = sum(process.cpu_times()[:2])
    outcome = load.run(own_url, asked, seconds=SECONDS, rate=BLACKBOX_RATE)
    assert not outcome.others, outcome.others
    return (sum(process.cpu_times()[:2]) - before) / outcome.answered


@contextmanager
def open_nginx(folder: Path) -> Iterator[str]:
    """A web server that costs little."""
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port))
    url = f"http://127.0.0.1:{port}/"
    with _running(["nginx", "-c", str(config), "-p", str(folder)], folder, url):
        yield url


@contextmanager
def open_blackbox(folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Debian's blackbox exporter."""
    port = free_port()
    config = folder / "blackbox.yml"
    config.write_text(BLACKBOX)
    url = f"http://127.0.0.1:{port}"
    command = [
        "prometheus-blackbox-exporter",
        f"--config.file={config}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with _running(command, folder, url) as process:
        yield psutil.Process(process.pid), url


@contextmanager
def _running(command: list[str], folder: Path, url: str) -> Iterator["subprocess.Popen[bytes]"]:
    name = shutil.which(command[0])
    assert name is not None, f"{command[0]} is not on this machine"
    with (folder / f"{command[0]}.log").open("ab") as log:
        process = subprocess.Popen([name, *command[1:]], stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: _answers(url), seconds=10, what=command[0])
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code > 0
    except requests.ConnectionError:
        return False
