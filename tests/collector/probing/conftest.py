"""An engine to probe with, and servers to be probed."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector.probing.engine import Engine
from collector.probing.guard import Guard
from collector.probing.outcome import Attempt
from collector.probing.resolver import Lookup, look_up
from collector.probing.target import Target
from common.addresses import parse_allowed
from tests.collector.probing.servers import Server, make_certificates, tls_context


class Prober:
    """An engine that turns only while it is waited for."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def ask(self, target: Target) -> Attempt:
        """One check, to its end."""
        return self.ask_all([target])[0]

    def ask_all(self, targets: list[Target], limit: float = 15.0) -> list[Attempt]:
        """Checks that begin together, in the order of `targets`."""
        found: dict[int, Attempt] = {}
        for number, target in enumerate(targets):
            self.engine.submit(target, lambda attempt, number=number: found.__setitem__(number, attempt))
        self.turn_until(lambda: len(found) == len(targets), limit)
        return [found[number] for number in range(len(targets))]

    def turn_until(self, is_over: Callable[[], bool], limit: float = 15.0) -> None:
        """Turn until a condition holds."""
        end = time.monotonic() + limit
        while not is_over():
            assert time.monotonic() < end, "the engine did not come to an end"
            self.engine.step(0.05)


@pytest.fixture
def make_prober() -> Iterator[Callable[..., Prober]]:
    """Makes engines that may connect to loopback unless told otherwise."""
    made: list[Engine] = []

    def make(
        allowed: str = "127.0.0.0/8",
        *,
        own_url: str | None = None,
        at_once: int = 200,
        per_host: int = 200,
        look_up: Lookup = look_up,
        ca_file: Path | None = None,
    ) -> Prober:
        guard = Guard.of(parse_allowed(allowed), own_url)
        ca = str(ca_file) if ca_file else None
        made.append(Engine(guard, at_once=at_once, per_host=per_host, look_up=look_up, ca_file=ca))
        return Prober(made[-1])

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def prober(make_prober: Callable[..., Prober]) -> Prober:
    """One that may connect to loopback."""
    return make_prober()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server without TLS."""
    made = Server().start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with an authority's certificates."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def tls_server(certificates: Path) -> Iterator[Callable[[str], Server]]:
    """Starts a server with the certificate of that name, once."""
    started: dict[str, Server] = {}

    def start(name: str) -> Server:
        if name not in started:
            started[name] = Server(tls_context(certificates, name)).start()
        return started[name]

    yield start
    for made in started.values():
        made.stop()


@pytest.fixture
def trusting(make_prober: Callable[..., Prober], certificates: Path) -> Prober:
    """One that trusts the tests' authority and no other."""
    return make_prober(ca_file=certificates / "ca.pem")
