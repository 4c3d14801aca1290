"""Ports that nobody listens on, and that nobody will be given before the test listens there."""

import random
import socket

# Below the range that Linux gives outgoing connections (32768 and up): else any connection of another test can take
# the port between its choice and its use.
FIRST, LAST = 12_000, 32_000

_chooser = random.SystemRandom()
# Each name is bound for as long as this process lives, and once on the machine: workers never choose the same port.
_reserved: list[socket.socket] = []


def free_port() -> int:
    """A free TCP port of loopback, reserved for this process until it ends.

    Raises:
        AssertionError: none was found in a thousand tries.
    """
    for _ in range(1_000):
        port = _chooser.randrange(FIRST, LAST)
        reservation = _reserve(port)
        if reservation is None:
            continue
        if _is_free(port):
            _reserved.append(reservation)
            return port
        reservation.close()
    raise AssertionError(f"no port between {FIRST} and {LAST} is free")


def _reserve(port: int) -> socket.socket | None:
    reservation = socket.socket(socket.AF_UNIX)
    try:
        reservation.bind(f"\0watchhouse-test-port-{port}")
    except OSError:
        reservation.close()
        return None
    return reservation


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
