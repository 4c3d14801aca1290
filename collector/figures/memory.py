"""What was measured and is not stored yet: means of minutes, bounded, so that a database away costs little memory."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean
from threading import Lock

from collector.figures.counters import Counters, Growth, growth_between

MOST_MINUTES = 24 * 60  # of a database that is away

Key = tuple[str, str]


@dataclass(frozen=True)
class Minute:
    """The mean of each figure over a minute, by subject and figure."""

    at: datetime
    means: Mapping[Key, float]


@dataclass
class FigureMemory:
    """Filled by the jobs that measure, in threads of their own; emptied by the one that stores."""

    minutes: list[Minute] = field(default_factory=list)
    _open: dict[datetime, dict[Key, list[float]]] = field(default_factory=dict)
    _counters: dict[str, Counters] = field(default_factory=dict)
    _latest: dict[str, dict[str, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def note(self, at: datetime, subject: str, figures: Mapping[str, float]) -> None:
        """Add a sample of each figure to its minute."""
        minute = at.replace(second=0, microsecond=0)
        with self._lock:
            samples = self._open.setdefault(minute, defaultdict(list))
            for figure, value in figures.items():
                samples[subject, figure].append(value)

    def grow(self, subject: str, now: Counters) -> Growth:
        """What the subject's counters grew by since this was asked last."""
        with self._lock:
            before = self._counters.get(subject)
            self._counters[subject] = now
        return growth_between(before, now)

    def hold(self, subject: str, figures: Mapping[str, float]) -> dict[str, float]:
        """The latest of each figure that was ever told: for a subject that tells only what has changed."""
        with self._lock:
            self._latest[subject] = {**self._latest.get(subject, {}), **figures}
            return dict(self._latest[subject])

    def close(self, before: datetime) -> None:
        """Make the means of the minutes that began before that moment; of more than a day, the oldest are let go."""
        with self._lock:
            closed = {at: self._open.pop(at) for at in sorted(self._open) if at < before}
        self.minutes += [
            Minute(at, {key: fmean(values) for key, values in samples.items()}) for at, samples in closed.items()
        ]
        del self.minutes[:-MOST_MINUTES]
