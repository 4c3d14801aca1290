"""Judges every connection that this process makes, in whatever library, and bars it from starting programs.

Meant for a process whose only work is to send: an audit hook can never be taken away again. Python tells hooks of each
connect before it happens, with the address it goes to; so a name that resolves to a private address gains nothing.
"""

import socket
import sys
from collections.abc import Callable
from typing import Any

from common.addresses import Allowed, judge

CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
STARTING = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty"})


class Blocked(PermissionError):
    """A connection or a program that is not allowed; its text names the kind of address, and nothing else."""


def guard_sockets(allowed: Allowed, note: Callable[[str], None]) -> None:
    """From now on, for good; `note` is called with each refusal, since a library may swallow it."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        reason = _refuse(event, arguments, allowed)
        if reason is not None:
            note(reason)
            raise Blocked(reason)

    sys.addaudithook(hook)


def _refuse(event: str, arguments: tuple[Any, ...], allowed: Allowed) -> str | None:
    if event in STARTING:
        return "it would start a program"
    if event not in CONNECTING:
        return None
    _, address = arguments[:2]
    if address is None:  # of a socket that is connected, and was judged then
        return None
    if not isinstance(address, tuple):
        return "it would use a local socket"
    kind = judge(str(address[0]), address[1], allowed)
    if kind is None or _is_named(str(address[0]), address[1], allowed):
        return None
    return f"its address is {kind}, which PROBE_ALLOW does not list"


def _is_named(address: str, port: int, allowed: Allowed) -> bool:
    """Whether the address is that of a name which is listed with this port."""
    return any(address in _addresses_of(name) for name, listed in allowed.names if listed == port)


def _addresses_of(name: str) -> set[str]:
    try:
        return {str(entry[4][0]) for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    except OSError:
        return set()
