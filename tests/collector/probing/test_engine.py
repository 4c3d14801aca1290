"""Real checks of real servers that answer well or badly: a clear result within the timeout, and no other is harmed."""

import gc
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest

from collector.probing.outcome import Attempt
from collector.probing.target import Target
from common.assertions import parse_assertions
from tests.collector.probing.conftest import Prober
from tests.collector.probing.servers import Server
from tests.support.ports import free_port

MakeProber = Callable[..., Prober]
BODY = parse_assertions([{"kind": "body_contains", "value": "needle"}])
DEEP = parse_assertions([{"kind": "json", "path": "$", "equals": 1}])
WELL = parse_assertions([{"kind": "body_contains", "value": "all is well"}])


def target(url: str, **fields: Any) -> Target:
    """An endpoint at `url`, with a short timeout."""
    return Target(1, "Front", url, **{"timeout_seconds": 1.0} | fields)


def test_it_tells_what_it_saw(prober: Prober, server: Server) -> None:
    before = datetime.now(UTC)
    attempt = prober.ask(target(server.url("/ok")))
    assert (attempt.outcome, attempt.reason, attempt.detail) == ("operational", None, None)
    assert (attempt.status_code, attempt.body_bytes, attempt.address) == (200, 11, "127.0.0.1")
    assert before <= attempt.started_at <= datetime.now(UTC)
    phases = [attempt.connect_ms, attempt.wait_ms, attempt.transfer_ms]
    assert all(phase is not None and phase >= 0 for phase in phases)
    assert sum(phase or 0 for phase in phases) <= attempt.duration_ms + 0.01
    assert (attempt.tls_ms, attempt.dns_ms, attempt.certificate_expires_at) == (None, None, None)


@pytest.mark.parametrize(
    ("path", "fields", "expected"),
    [
        ("/missing", {}, ("major_outage", "status", 404)),
        ("/missing", {"expected_status": ("404",)}, ("operational", None, 404)),
        ("/missing", {"expected_status": ("2xx", "400-410")}, ("operational", None, 404)),
        ("/ok", {"degraded_after_ms": 0.0}, ("degraded", None, 200)),
        ("/ok", {"method": "HEAD"}, ("operational", None, 200)),
        ("/ok", {"assertions": BODY}, ("major_outage", "assertion", 200)),
        ("/ok", {"assertions": WELL}, ("operational", None, 200)),
        ("/packed", {"assertions": WELL}, ("operational", None, 200)),
        ("/endless", {}, ("operational", None, 200)),
        ("/endless", {"assertions": BODY}, ("major_outage", "too_large", 200)),
        ("/large", {}, ("operational", None, 200)),
        ("/large", {"assertions": BODY}, ("major_outage", "too_large", 200)),
        ("/bomb", {}, ("operational", None, 200)),
        ("/bomb", {"assertions": BODY}, ("major_outage", "too_large", 200)),
        ("/early", {}, ("major_outage", "protocol", 200)),
        ("/bad-chunks", {}, ("major_outage", "protocol", 200)),
        ("/garbage", {}, ("major_outage", "protocol", None)),
        ("/silent", {}, ("major_outage", "protocol", None)),
        ("/reset", {}, ("major_outage", "protocol", None)),
        ("/huge-headers", {}, ("major_outage", "too_large", 200)),
        ("/many-headers", {}, ("major_outage", "too_large", 200)),
        ("/loop", {}, ("major_outage", "redirects", 302)),
        ("/loop", {"max_redirects": 0}, ("major_outage", "status", 302)),
        ("/loop", {"expected_status": ("302",)}, ("operational", None, 302)),
        ("/to/302/file:///etc/passwd", {}, ("major_outage", "redirects", 302)),
        ("/to/302/http://10.0.0.1/", {}, ("major_outage", "blocked", None)),
        ("/to/307/http://[::1]:1/", {}, ("major_outage", "blocked", None)),
        ("/to-latin", {}, ("major_outage", "redirects", 302)),
        ("/to-wide", {}, ("major_outage", "redirects", 302)),
        ("/deep", {"assertions": DEEP}, ("major_outage", "assertion", 200)),
        ("/to/301//nowhere", {}, ("major_outage", "status", 404)),
        ("/to/301//ok", {}, ("operational", None, 200)),
    ],
)
def test_it_judges_what_came(
    prober: Prober, server: Server, path: str, fields: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    attempt = prober.ask(target(server.url(path), timeout_seconds=5.0, **fields))
    assert (attempt.outcome, attempt.reason, attempt.status_code) == expected, attempt
    assert (attempt.detail is None) == (attempt.outcome == "operational")


@pytest.mark.parametrize(
    ("path", "last"),
    [("/hang", "wait"), ("/hang-in-body", "transfer"), ("/drip", "transfer"), ("/drip-headers", "transfer")],
)
def test_it_gives_up_at_the_timeout(prober: Prober, server: Server, path: str, last: str) -> None:
    attempt = prober.ask(target(server.url(path), timeout_seconds=0.3))
    assert (attempt.outcome, attempt.reason) == ("major_outage", "timeout")
    assert 290 <= attempt.duration_ms <= 450
    assert getattr(attempt, f"{last}_ms") > 200


def test_it_says_that_nobody_listens(prober: Prober) -> None:
    attempt = prober.ask(target(f"http://127.0.0.1:{free_port()}/"))
    assert (attempt.reason, attempt.address, attempt.status_code) == ("refused", "127.0.0.1", None)


def test_it_gives_up_when_nobody_accepts(prober: Prober) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        held = [socket.socket() for _ in range(4)]
        for one in held:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        attempt = prober.ask(target(f"http://127.0.0.1:{full.getsockname()[1]}/", timeout_seconds=0.3))
        for one in held:
            one.close()
    assert (attempt.reason, attempt.tls_ms, attempt.wait_ms) == ("timeout", None, None)
    assert 290 <= attempt.duration_ms <= 450


@pytest.mark.parametrize(
    ("certificate", "reason", "days"),
    [("good", None, 30), ("expired", "tls", -3), ("elsewhere", "tls", 30), ("own", "tls", 30)],
)
def test_it_trusts_no_wrong_certificate_but_reads_it(
    trusting: Prober, tls_server: Callable[[str], Server], certificate: str, reason: str | None, days: int
) -> None:
    server = tls_server(certificate)
    before = len(server.asked)
    attempt = trusting.ask(target(server.url("/ok", "localhost"), timeout_seconds=5.0))
    assert attempt.reason == reason, attempt
    assert attempt.certificate_expires_at is not None
    assert abs(attempt.certificate_expires_at - datetime.now(UTC) - timedelta(days=days)) < timedelta(minutes=5)
    assert attempt.tls_ms is not None
    assert len(server.asked) - before == (0 if reason else 1)  # nothing is said to a server that is not trusted


def test_it_goes_on_trusting_nobody_after_a_look_at_a_wrong_certificate(
    trusting: Prober, tls_server: Callable[[str], Server]
) -> None:
    wrong = tls_server("own")
    asked = [trusting.ask(target(wrong.url("/ok", "localhost"), timeout_seconds=5.0)) for _ in range(3)]
    assert [attempt.reason for attempt in asked] == ["tls"] * 3


def test_it_says_when_a_handshake_breaks(prober: Prober, server: Server) -> None:
    attempt = prober.ask(target(f"https://127.0.0.1:{server.port}/ok"))
    assert attempt.reason == "tls"
    assert attempt.detail


def test_it_sends_headers_and_body_as_they_are_given(prober: Prober, server: Server) -> None:
    given = {"Authorization": "Bearer secret", "X-Empty": ""}
    attempt = prober.ask(target(server.url("/asked"), method="PATCH", headers=given, body=b'{"a": 1}'))
    asked = server.asked[-1].decode().lower()
    assert attempt.outcome == "operational"
    assert asked.startswith("patch /asked http/1.1\r\n")
    for line in ("authorization: bearer secret", "x-empty:", "content-type: application/json", "content-length: 8"):
        assert f"\r\n{line}\r\n" in asked
    assert "secret" not in repr(attempt)
    prober.ask(target(server.url("/asked")))
    assert server.asked[-1].decode().lower().startswith("get /asked")
    assert b"secret" not in server.asked[-1]


def test_it_takes_no_secret_elsewhere(prober: Prober, server: Server) -> None:
    given = {"Authorization": "Bearer secret", "X-Api-Key": "secret", "Accept": "text/plain"}
    elsewhere = server.url(f"/to/302/http://localhost:{server.port}/asked")
    attempt = prober.ask(target(elsewhere, headers=given))
    assert (attempt.outcome, attempt.status_code) == ("operational", 200)
    assert b"secret" not in server.asked[-1]
    assert b"text/plain" in server.asked[-1]
    attempt = prober.ask(target(server.url("/to/302//asked"), headers=given))
    assert server.asked[-1].count(b"secret") == 2
    carrying = server.url(f"/to/307/http://localhost:{server.port}/asked")
    attempt = prober.ask(target(carrying, method="POST", body=b"secret"))
    assert attempt.reason == "redirects"


def test_a_check_that_we_fail_at_ourselves_harms_no_other(make_prober: MakeProber, server: Server) -> None:
    prober = make_prober(look_up=lambda _: ["127.0.0.1\udc80"], at_once=1)
    names = [target(server.url("/ok", host=f"broken-{number}.example")) for number in range(3)]
    *broken, well = prober.ask_all([*names, target(server.url("/ok"))])
    assert [(attempt.outcome, attempt.reason) for attempt in broken] == [("major_outage", "internal")] * 3
    assert well.outcome == "operational"
    assert (prober.engine.running, prober.engine.waiting) == (0, 0)


def test_a_proxy_of_the_surroundings_is_not_used(
    prober: Prober, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    assert prober.ask(target(server.url("/ok"))).outcome == "operational"


def test_a_hundred_that_hang_delay_no_other(make_prober: MakeProber, server: Server) -> None:
    """In the best of three rounds: what else the machine does must not be taken for a delay of ours."""
    rounds = [ask_beside_hanging(make_prober(at_once=400, per_host=150), server) for _ in range(3)]
    assert min(late for late, _, _ in rounds) < 0.05
    assert min(slow for _, slow, _ in rounds) < 200
    assert min(hung for _, _, hung in rounds) < 1200


def ask_beside_hanging(prober: Prober, server: Server) -> tuple[float, float, float]:
    """Of a hundred, the lateness (s) and the time (ms) that nine in ten stay within, while a hundred others hang.

    And the longest time (ms) of these.
    """
    hanging: list[Attempt] = []
    for _ in range(100):
        prober.engine.submit(target(server.url("/hang"), timeout_seconds=1.0), hanging.append)
    start, late, slow = time.monotonic(), [], []

    def note(due: float, attempt: Attempt) -> None:
        late.append(time.monotonic() - due - attempt.duration_ms / 1000)
        slow.append(attempt.duration_ms)

    for number in range(100):
        due = start + 0.2 + number * 0.005
        prober.engine.submit(target(server.url("/ok")), lambda attempt, due=due: note(due, attempt), due)
    prober.turn_until(lambda: len(late) == 100 and len(hanging) == 100)
    assert all(attempt.reason == "timeout" for attempt in hanging)
    return sorted(late)[90], sorted(slow)[90], max(attempt.duration_ms for attempt in hanging)


def test_a_host_at_its_cap_delays_only_itself(make_prober: MakeProber, server: Server) -> None:
    prober = make_prober(at_once=50, per_host=2)
    order: list[str] = []
    for number in range(6):
        hanging = target(server.url("/hang"), timeout_seconds=0.2)
        prober.engine.submit(hanging, lambda _, number=number: order.append(f"hang {number}"))
    prober.engine.submit(target(server.url("/ok", "localhost")), lambda _: order.append("other"))
    prober.turn_until(lambda: len(order) == 7)
    assert order[0] == "other"
    assert sorted(order[1:3]) == ["hang 0", "hang 1"]
    assert sorted(order[5:7]) == ["hang 4", "hang 5"]


def test_a_check_that_found_no_place_in_time_is_told_as_missed(make_prober: MakeProber, server: Server) -> None:
    prober = make_prober(per_host=1)
    told: list[str] = []
    prober.engine.submit(target(server.url("/hang"), timeout_seconds=0.3), lambda _: told.append("hung"))
    prober.engine.submit(
        target(server.url("/ok")),
        lambda _: told.append("done"),
        until=time.monotonic() + 0.1,
        on_missed=lambda: told.append("missed"),
    )
    prober.turn_until(lambda: len(told) == 2)
    assert told == ["hung", "missed"]
    assert (prober.engine.running, prober.engine.waiting) == (0, 0)


def test_a_callback_that_fails_harms_nothing(prober: Prober, server: Server) -> None:
    def fail(_: Attempt) -> None:
        raise RuntimeError("not our day")

    prober.engine.submit(target(server.url("/ok")), fail)
    prober.turn_until(lambda: prober.engine.callback_failures == 1)
    assert prober.ask(target(server.url("/ok"))).outcome == "operational"


def connections_of(process: psutil.Process) -> set[tuple[object, object]]:
    """Both ends of each connection that this process has a side of."""
    return {(each.laddr, each.raddr) for each in process.net_connections("tcp") if each.raddr}


def test_a_connection_takes_one_open_file(prober: Prober, server: Server) -> None:
    process, asked = psutil.Process(), len(server.asked)
    before, files = connections_of(process), process.num_fds()
    for _ in range(40):
        prober.engine.submit(target(server.url("/hang")), lambda _: None)
    prober.turn_until(lambda: len(server.asked) == asked + 40)
    assert len(connections_of(process) - before) == 80  # the server's ends are this process's, too
    assert process.num_fds() - files < 100  # fewer are no fault: connections of other tests may just be closing


def test_it_works_in_a_thread_of_its_own_and_stops_at_once(prober: Prober, server: Server) -> None:
    stopping, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=prober.engine.run, args=(stopping,))
    thread.start()
    prober.engine.submit(target(server.url("/ok")), lambda _: done.set())
    assert done.wait(5)
    began = time.monotonic()
    prober.engine.stop()
    thread.join(5)
    assert time.monotonic() - began < 0.5


def test_bodies_without_an_end_leave_memory_as_it_was(prober: Prober, server: Server) -> None:
    paths = ["/bomb", "/endless", "/large"]
    asked = [target(server.url(path), assertions=BODY, timeout_seconds=10.0) for path in paths]
    prober.ask_all(asked * 30)  # more than all bodies may take at once; what the allocator keeps of it is no leak
    gc.collect()
    before = psutil.Process().memory_info().rss
    attempts = prober.ask_all(asked * 30)
    gc.collect()
    assert {attempt.reason for attempt in attempts} == {"too_large"}
    assert psutil.Process().memory_info().rss - before < 32_000_000
    whole = parse_assertions([{"kind": "body_contains", "value": "x" * 1000}])
    assert prober.ask(target(server.url("/large"), assertions=whole)).outcome == "operational"
