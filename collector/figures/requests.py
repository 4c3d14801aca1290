"""What auth's own counters of requests say. Pure: the text of a /metrics in, numbers out."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

FAMILY = "flask_http_request_duration_seconds"


@dataclass(frozen=True)
class Totals:
    """All requests since the counters began; `buckets` counts those that took at most so many seconds."""

    requests: int = 0
    errors: int = 0
    client_errors: int = 0
    seconds: float = 0.0
    buckets: Mapping[str, float] = field(default_factory=dict)


def read_totals(text: str) -> Totals:
    """The totals over all routes, methods and statuses; raises ValueError for a text that is no metrics."""
    counts, buckets, seconds = Counter[str](), Counter[str](), 0.0
    for family in text_string_to_metric_families(text):
        for sample in family.samples if family.name == FAMILY else ():
            if sample.name.endswith("_bucket"):
                buckets[sample.labels["le"]] += int(sample.value)
            elif sample.name.endswith("_sum"):
                seconds += sample.value
            elif sample.name.endswith("_count"):
                counts[sample.labels["status"][0]] += int(sample.value)
    return Totals(counts.total(), counts["5"], counts["4"], seconds, buckets)


def part_buckets(cumulative: Mapping[str, float]) -> dict[str, float]:
    """How many lie in each bucket alone, by its upper bound, lowest first."""
    parted, below = {}, 0.0
    for bound in sorted(cumulative, key=float):
        parted[bound] = cumulative[bound] - below
        below = cumulative[bound]
    return parted


def quantile_of(buckets: Mapping[str, float], share: float) -> float | None:
    """The value that `share` of all do not exceed, taken as evenly spread within its bucket; None of none.

    Above the highest bound that is finite nothing is known but that bound.
    """
    rank, below, lower = share * sum(buckets.values()), 0.0, 0.0
    if rank <= 0:
        return None
    for bound in sorted(buckets, key=float):
        if bound == "+Inf":
            break
        if below + buckets[bound] >= rank:
            return lower + (float(bound) - lower) * (rank - below) / buckets[bound]
        below, lower = below + buckets[bound], float(bound)
    return lower
