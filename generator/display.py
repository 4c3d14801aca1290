"""How a run is watched: a live screen in a terminal (screen.py), elsewhere a line every ten seconds."""

import asyncio
from typing import Protocol

import click

from generator.actions import Outcome
from generator.latency import Sketch
from generator.run import Plan
from generator.tally import Standing, Tally

LINE_SECONDS = 10


class Display(Protocol):
    """Something that shows a run every `interval` seconds."""

    interval: float

    def open(self) -> None:
        """Begin to show."""

    def show(self, tally: Tally, elapsed: float) -> None:
        """Show how it stands."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class Lines:
    """One line every ten seconds, for logs and pipes."""

    interval: float = LINE_SECONDS

    def __init__(self, plan: Plan, url: str, *, to_stderr: bool) -> None:
        self._plan = plan
        self._url = url
        self._to_stderr = to_stderr

    def open(self) -> None:
        """Say what begins."""
        plan = self._plan
        self._say(f"{plan.people} people, {plan.scenario.name} at {plan.rate:g}/s, seed {plan.seed}, on {self._url}")

    def show(self, tally: Tally, elapsed: float) -> None:
        """Say how the last ten seconds were; the counts are of the whole run."""
        counts = "  ".join(f"{outcome.value} {tally.total(outcome)}" for outcome in Outcome)
        parts = (
            clock(elapsed),
            f"{tally.rate(elapsed, LINE_SECONDS):.1f}/s",
            f"in flight {tally.in_flight}",
            counts,
            f"shed {tally.shed}",
            _latencies(tally.recent(elapsed, LINE_SECONDS)),
            *([fleet_line(tally.fleet)] if tally.fleet else []),
        )
        self._say("  ".join(parts))

    def close(self) -> None:
        """Nothing to undo."""

    def _say(self, line: str) -> None:
        click.echo(line, err=self._to_stderr)


async def keep_showing(display: Display, tally: Tally, elapsed: "Elapsed") -> None:
    """Show again and again until cancelled."""
    while True:
        await asyncio.sleep(display.interval)
        display.show(tally, elapsed())


class Elapsed(Protocol):
    """Tells the seconds since the start."""

    def __call__(self) -> float:
        """Seconds since the start."""


def fleet_line(standing: Standing) -> str:
    """How the locks stand."""
    deeds = sum(standing.deeds.values())
    return f"locks {standing.online}/{standing.locks} online, {deeds} deeds, {standing.untold} untold"


def clock(seconds: float) -> str:
    """Seconds as 01:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"


def milliseconds(seconds: float | None) -> str:
    """Seconds as `12 ms`, `3.4 s`, or a dash."""
    if seconds is None:
        return "–"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _latencies(sketch: Sketch) -> str:
    return "  ".join(f"p{share} {milliseconds(sketch.percentile(share / 100))}" for share in (50, 95, 99))
