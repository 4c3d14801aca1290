"""Where the time of one hop went, from libcurl's clocks. Pure."""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["connect", "tls", "wait", "transfer"]

MS = 1000.0


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from the hop's start until each step was done; 0 for a step that was not."""

    lookup: float
    connected: float
    secured: float
    first_byte: float
    total: float


@dataclass(frozen=True, slots=True)
class Phases:
    """Milliseconds; None for a phase that was not reached. `stage` is the last that was."""

    stage: Stage
    connect_ms: float
    tls_ms: float | None = None
    wait_ms: float | None = None
    transfer_ms: float | None = None


def part(times: Times, *, is_tls: bool) -> Phases:
    """The phases; the last one reached lasts until the end. None is negative, whatever the clocks say."""
    begun = times.lookup
    if not times.connected:
        return Phases("connect", _ms(begun, times.total))
    connect = _ms(begun, times.connected)
    if not is_tls:
        return _after(times, times.connected, connect, None)
    if not times.secured:
        return Phases("tls", connect, _ms(times.connected, times.total))
    return _after(times, times.secured, connect, _ms(times.connected, times.secured))


def _after(times: Times, ready: float, connect: float, tls: float | None) -> Phases:
    if not times.first_byte:
        return Phases("wait", connect, tls, _ms(ready, times.total))
    return Phases("transfer", connect, tls, _ms(ready, times.first_byte), _ms(times.first_byte, times.total))


def _ms(begin: float, end: float) -> float:
    return max(0.0, end - begin) * MS
