"""What the run has done so far, for the display and the summary; its memory does not grow with time.

It must not know how it is shown.
"""

from collections import Counter, deque
from dataclasses import dataclass, field

from generator.actions import Kind, Outcome
from generator.latency import Sketch, merged

WINDOW_SECONDS = 60
RECENT = 40


@dataclass(frozen=True, slots=True)
class Event:
    """One finished request, as told to a viewer; `at` counts from the start of the run."""

    at: float
    who: str
    kind: Kind
    outcome: Outcome
    status: int
    seconds: float
    what: str = ""


@dataclass(slots=True)
class Second:
    """One second of the recent past."""

    number: int
    arrived: int
    finished: Sketch


@dataclass(slots=True)
class Standing:
    """How the fleet stands: of `locks`, how many are online; messages `untold`; what befell them.

    `refused` could not be claimed; `failed` deeds met an answer of another shape than the contract's.
    """

    locks: int
    online: int = 0
    untold: int = 0
    refused: int = 0
    failed: int = 0
    deeds: Counter[str] = field(default_factory=Counter)


class Tally:
    """Counts by kind and outcome, latencies from the intended start, the last minute by seconds, recent events."""

    def __init__(self) -> None:
        self.arrived = 0
        self.shed = 0
        self.in_flight = 0
        self.repeats = 0
        self.is_closing = False
        self.fleet: Standing | None = None
        self.outcomes: Counter[tuple[Kind, Outcome]] = Counter()
        self.latencies = {kind: Sketch() for kind in Kind}
        self.events: deque[Event] = deque(maxlen=RECENT)
        self.seconds: deque[Second] = deque(maxlen=WINDOW_SECONDS)

    def arrive(self, now: float, *, is_shed: bool) -> None:
        """Count an arrival; a shed one found too many requests in flight and was not sent."""
        self.arrived += 1
        self.shed += is_shed
        self.in_flight += not is_shed
        self._second(now).arrived += 1

    def finish(self, event: Event) -> None:
        """Count a finished request."""
        self.in_flight -= 1
        self.outcomes[event.kind, event.outcome] += 1
        self.latencies[event.kind].add(event.seconds)
        self._second(event.at).finished.add(event.seconds)
        self.events.append(event)

    def abandon(self) -> None:
        """Count a request that was still under way when the run was cut off."""
        self.in_flight -= 1

    def total(self, outcome: Outcome) -> int:
        """How many requests of any kind ended so."""
        return sum(self.outcomes[kind, outcome] for kind in Kind)

    def rate(self, now: float, span: int) -> float:
        """Arrivals a second over the last `span` whole seconds."""
        newest = int(now)
        arrived = sum(second.arrived for second in self.seconds if newest - span <= second.number < newest)
        return arrived / max(1, min(span, newest))

    def recent(self, now: float, span: int) -> Sketch:
        """Latencies of the last `span` seconds."""
        return merged(second.finished for second in self.seconds if second.number > now - span)

    def pulse(self, now: float, span: int) -> list[int]:
        """Arrivals in each of the last `span` whole seconds, oldest first; quiet seconds are 0."""
        by_number = {second.number: second.arrived for second in self.seconds}
        return [by_number.get(number, 0) for number in range(int(now) - span, int(now))]

    def _second(self, now: float) -> Second:
        number = int(now)
        if not self.seconds or self.seconds[-1].number < number:
            self.seconds.append(Second(number, 0, Sketch()))
        return self.seconds[-1]
