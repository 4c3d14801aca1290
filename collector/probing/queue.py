"""Which check begins next: in the order they are due, within the caps. Pure: time comes in, nothing goes out.

A host at its cap holds up its own checks only: theirs wait apart, and each free place goes to the earliest of them.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush

from collector.probing.outcome import Attempt
from collector.probing.target import Target


@dataclass(order=True, slots=True)
class Job:
    """A check that was asked for. One that could not begin by `until` is given up, and told by `on_missed`."""

    due: float
    number: int
    target: Target = field(compare=False)
    on_done: Callable[[Attempt], None] = field(compare=False)
    until: float | None = field(compare=False, default=None)
    on_missed: Callable[[], None] | None = field(compare=False, default=None)

    @property
    def place(self) -> str:
        """What the cap by host counts."""
        where = self.target.where
        return where.place if where else ""


@dataclass
class Host:
    """A host and port: how many checks of it run, and those that wait for one of them."""

    running: int = 0
    waiting: deque[Job] = field(default_factory=deque)


class Queue:
    """Jobs that are not due, jobs that are, and places for those that run."""

    def __init__(self, *, at_once: int, per_host: int) -> None:
        self._at_once = at_once
        self._per_host = per_host
        self._later: list[Job] = []
        self._ready: list[Job] = []
        self._hosts: dict[str, Host] = {}
        self.running = 0
        self.held_back = 0  # due, but their host is at its cap

    def put(self, job: Job) -> None:
        """Add a job, due whenever."""
        heappush(self._later, job)

    @property
    def next_due(self) -> float | None:
        """When something can begin: None when nothing waits, or when all places are taken."""
        if self.running >= self._at_once:
            return None
        first = self._ready or self._later
        return first[0].due if first else None

    @property
    def waiting(self) -> int:
        """How many jobs have not begun."""
        return len(self._later) + len(self._ready) + self.held_back

    def take(self, now: float) -> Job | None:
        """The next job that is due and has a place, which it holds until `give_back`."""
        while self._later and self._later[0].due <= now:
            heappush(self._ready, heappop(self._later))
        while self._ready and self.running < self._at_once:
            job = heappop(self._ready)
            host = self._hosts.setdefault(job.place, Host())
            if host.running < self._per_host:
                host.running += 1
                self.running += 1
                return job
            host.waiting.append(job)
            self.held_back += 1
        return None

    def give_back(self, job: Job) -> None:
        """The job's place is free again."""
        self.running -= 1
        host = self._hosts[job.place]
        host.running -= 1
        if host.waiting:
            self.held_back -= 1
            heappush(self._ready, host.waiting.popleft())
        elif not host.running:
            del self._hosts[job.place]
