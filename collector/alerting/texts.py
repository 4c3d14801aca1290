"""The words in which news reaches people. Pure."""

from datetime import datetime, timedelta

from common.states import State

SHORT = {"major_outage": "down"}
LONG = {"degraded": "degraded, it answers slowly", "major_outage": "down"}


def one_line(name: str) -> str:
    """A name as part of a subject, which is one line."""
    return " ".join(name.split())


def moment(at: datetime) -> str:
    """A moment to read."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def span(length: timedelta) -> str:
    """A length of time in its two largest units."""
    seconds = max(int(length.total_seconds()), 0)
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds % 60, "s")]
    first = next((place for place, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number) or "0 s"


def down(name: str, since: datetime, reason: str | None) -> str:
    """An endpoint that is out."""
    return f"{name} is down since {moment(since)}" + (f" ({reason})." if reason else ".")


def state_is(name: str, state: State) -> str:
    """A state as a subject."""
    return f"{one_line(name)} is {SHORT.get(state, state)}"


def state_now(name: str, state: State) -> str:
    """A state as a sentence."""
    return f"{name} is {LONG.get(state, state)}."


def state_since(name: str, state: State, at: datetime) -> str:
    """A state and when it began."""
    return f"{name} is {LONG.get(state, state)}, since {moment(at)}."
