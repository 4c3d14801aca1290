"""What requests come to: counts, sums and times as a sketch, of a minute and a route, or of all. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from common.sketch import bin_of

Request = tuple[int, int, int, int]  # status, microseconds, bytes of the request, bytes of the answer
Minute = tuple[int, str, str]  # its number since 1970, endpoint, method

ALL = ""  # the endpoint and the method of a total
US_PER_MS = 1000


@dataclass
class Counts:
    """The columns of the same names; `classes` are statuses by their first digit, `bins` hold milliseconds."""

    requests: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    duration_us: int = 0
    classes: Counter[int] = field(default_factory=Counter)
    bins: Counter[int] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        """Count what `other` has counted, too."""
        self.requests += other.requests
        self.request_bytes += other.request_bytes
        self.response_bytes += other.response_bytes
        self.duration_us += other.duration_us
        self.classes.update(other.classes)
        self.bins.update(other.bins)


def count(requests: Sequence[Request]) -> Counts:
    """The counts of some requests, at least one."""
    statuses, durations, received, answered = zip(*requests, strict=True)
    return Counts(
        requests=len(requests),
        request_bytes=sum(received),
        response_bytes=sum(answered),
        duration_us=sum(durations),
        classes=Counter(status // 100 for status in statuses),
        bins=Counter(bin_of(duration / US_PER_MS) for duration in durations),
    )


def count_minutes(requests: Mapping[Minute, Sequence[Request]]) -> dict[Minute, Counts]:
    """The counts of each minute's routes, and of all of them together, in an order that is the same for everybody."""
    routes = {minute: count(of_minute) for minute, of_minute in requests.items()}
    totals: dict[Minute, Counts] = {}
    for (number, _, _), counts in routes.items():
        totals.setdefault((number, ALL, ALL), Counts()).add(counts)
    return dict(sorted((routes | totals).items()))


def array_of(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL writes an array: rows of arrays of several lengths go to it as texts."""
    return "{" + ",".join(map(str, numbers)) + "}"
