"""Checks of names: what they resolve to is judged when it is connected to; one that hangs harms no other."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from collector.probing.outcome import Attempt
from collector.probing.resolver import MOST_THREADS, Found, Resolver
from collector.probing.target import Target
from tests.collector.probing.conftest import Prober
from tests.collector.probing.servers import Server
from tests.support.waiting import wait_for

MakeProber = Callable[..., Prober]


class Names:
    """A name server of the test's own."""

    def __init__(self, **known: list[str]) -> None:
        self.known = known
        self.asked: list[str] = []
        self.end = threading.Event()

    def look_up(self, name: str) -> list[str]:
        """What `known` says; a name that begins with `hang` never comes to an end."""
        self.asked.append(name)
        if name.startswith("hang"):
            self.end.wait(30)
        if name.partition(".")[0] not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return self.known[name.partition(".")[0]]


@pytest.fixture
def names() -> Iterator[Names]:
    """Some names; those that hang end with the test."""
    made = Names(good=["127.0.0.1"], rebound=["10.1.2.3"], both=["::1", "127.0.0.1"], mixed=["10.1.2.3", "127.0.0.1"])
    yield made
    made.end.set()


def target(url: str, **fields: Any) -> Target:
    """An endpoint at `url`."""
    return Target(1, "Front", url, **{"timeout_seconds": 2.0} | fields)


def test_it_takes_the_time_of_the_lookup_apart(make_prober: MakeProber, server: Server, names: Names) -> None:
    attempt = make_prober(look_up=names.look_up).ask(target(server.url("/ok", "good.example")))
    assert (attempt.outcome, attempt.address) == ("operational", "127.0.0.1")
    assert attempt.dns_ms is not None
    assert 0 <= attempt.dns_ms <= attempt.duration_ms
    assert f"Host: good.example:{server.port}".encode() in server.asked[-1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rebound.example", ("blocked", "may not be connected to: private")),
        ("nobody.example", ("dns", "no such name")),
        ("mixed.example", (None, None)),
        ("both.example", (None, None)),
    ],
)
def test_it_judges_what_a_name_resolves_to(
    make_prober: MakeProber, server: Server, names: Names, name: str, expected: tuple[str | None, ...]
) -> None:
    attempt = make_prober(look_up=names.look_up).ask(target(server.url("/ok", name)))
    assert (attempt.reason, attempt.detail) == expected


def test_a_name_that_is_rebound_between_checks_is_blocked(
    make_prober: MakeProber, server: Server, names: Names
) -> None:
    prober = make_prober(look_up=names.look_up)
    assert prober.ask(target(server.url("/ok", "good.example"))).outcome == "operational"
    names.known["good"] = ["169.254.169.254"]
    assert prober.ask(target(server.url("/ok", "good.example"))).detail == "may not be connected to: link-local"


def test_a_listed_name_is_let_through_on_its_port_only(make_prober: MakeProber, server: Server, names: Names) -> None:
    prober = make_prober(f"good.example:{server.port}", look_up=names.look_up)
    assert prober.ask(target(server.url("/ok", "GOOD.example"))).outcome == "operational"
    for url in (
        server.url("/ok", "both.example"),
        server.url("/ok"),
        f"http://good.example:{server.port + 1}/",
    ):
        assert prober.ask(target(url)).reason == "blocked", url
    elsewhere = server.url(f"/to/302/http://127.0.0.1:{server.port}/ok", "good.example")
    assert prober.ask(target(elsewhere)).reason == "blocked"


def test_own_probes_reach_our_own_service_and_nothing_else(
    make_prober: MakeProber, server: Server, names: Names
) -> None:
    prober = make_prober("none", own_url=server.url("", "good.example"), look_up=names.look_up)
    assert prober.ask(target(server.url("/ok", "good.example"), is_own=True)).outcome == "operational"
    assert prober.ask(target(server.url("/ok", "good.example"))).reason == "blocked"
    for url in (server.url("/ok"), server.url("/to/302/http://93.184.215.14/", "good.example")):
        assert prober.ask(target(url, is_own=True)).reason == "blocked", url


def test_names_that_hang_delay_no_other_name(make_prober: MakeProber, server: Server, names: Names) -> None:
    prober = make_prober(look_up=names.look_up)
    hanging: list[Attempt] = []
    for number in range(60):
        hung = target(server.url("/ok", f"hang-{number}.example"), timeout_seconds=0.5)
        prober.engine.submit(hung, hanging.append)
    prober.turn_until(lambda: len(names.asked) == 60)
    began = time.monotonic()
    good = prober.ask_all([target(server.url("/ok", f"good.{number}.example")) for number in range(20)])
    assert time.monotonic() - began < 0.4
    assert {attempt.outcome for attempt in good} == {"operational"}
    prober.turn_until(lambda: len(hanging) == 60)
    assert {(attempt.reason, attempt.connect_ms) for attempt in hanging} == {("timeout", None)}
    assert all(490 <= attempt.duration_ms < 900 for attempt in hanging)


def test_a_late_answer_of_a_lookup_disturbs_no_later_check(
    make_prober: MakeProber, server: Server, names: Names
) -> None:
    names.known["hang"] = ["127.0.0.1"]
    prober = make_prober(look_up=names.look_up)
    assert prober.ask(target(server.url("/ok", "hang.example"), timeout_seconds=0.1)).reason == "timeout"
    slow: list[Attempt] = []
    prober.engine.submit(target(server.url("/hang"), timeout_seconds=0.3), slow.append)
    prober.turn_until(lambda: prober.engine.running == 1)
    names.end.set()
    prober.turn_until(lambda: bool(slow))
    assert (slow[0].reason, slow[0].dns_ms) == ("timeout", None)
    assert prober.engine.running == 0


def test_one_lookup_serves_all_who_wait_for_a_name() -> None:
    names = Names(hang=["127.0.0.1"])
    resolver, found = Resolver(names.look_up), list[Found]()
    for _ in range(50):
        resolver.ask("hang.example", found.append)
    names.end.set()
    wait_for(lambda: len(found) == 50)
    assert names.asked == ["hang.example"]
    resolver.close()


def test_names_known_to_be_slow_never_take_all_threads() -> None:
    hanging = {f"hang-{number}": ["127.0.0.1"] for number in range(MOST_THREADS + 50)}
    names, found = Names(good=["127.0.0.1"], **hanging), list[Found]()
    resolver = Resolver(names.look_up, slow_seconds=0)
    names.end.set()
    for name in hanging:
        resolver.ask(name, found.append)
    wait_for(lambda: len(found) == len(hanging))  # from here on they are known to be slow
    names.end.clear()
    before = len(names.asked)
    for name in hanging:
        resolver.ask(name, lambda _: None)
    resolver.ask("good", found.append)
    wait_for(lambda: len(found) > len(hanging))
    assert found[-1] == Found(("127.0.0.1",))
    assert len(names.asked) - before <= MOST_THREADS // 2 + 1
    names.end.set()
    resolver.close()
