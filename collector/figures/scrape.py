"""What auth's /metrics says of itself. Pure: the text of some families in, numbers out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

REQUESTS = "flask_http_request_duration_seconds"
QUERIES = "library_db_query_duration_seconds"
CACHE_TIMES = "library_cache_operation_duration_seconds"
CACHE_RESULTS = "library_cache_operations_total"
STATUS = "library_system_status"
FAMILIES = (REQUESTS, QUERIES, CACHE_TIMES, CACHE_RESULTS, STATUS)
STATIC = "static"

Key = tuple[str, str]


@dataclass(frozen=True)
class Scrape:
    """What counters came to since they began, by subject and figure; and the figures that are levels."""

    totals: Mapping[Key, float]
    levels: Mapping[str, float]


def _counts_request(sample: Sample) -> bool:
    """All requests but those for static files, which are not logged."""
    return sample.name.endswith("_count") and sample.labels.get("url_rule") != STATIC


def _counts(sample: Sample) -> bool:
    return sample.name.endswith("_count")


def _adds_seconds(sample: Sample) -> bool:
    return sample.name.endswith("_sum")


def _is_read(sample: Sample) -> bool:
    return sample.name.endswith("_total") and sample.labels.get("operation") == "read"


def _is_hit(sample: Sample) -> bool:
    return _is_read(sample) and sample.labels.get("result") == "hit"


COUNTERS: tuple[tuple[str, Key, Callable[[Sample], bool]], ...] = (
    (REQUESTS, ("counter", "requests"), _counts_request),
    (CACHE_RESULTS, ("library", "cache_hits"), _is_hit),
    (CACHE_TIMES, ("library", "cache_operations"), _counts),
    (CACHE_RESULTS, ("library", "cache_reads"), _is_read),
    (CACHE_TIMES, ("library", "cache_seconds"), _adds_seconds),
    (QUERIES, ("library", "db_queries"), _counts),
    (QUERIES, ("library", "db_query_seconds"), _adds_seconds),
)


def read_scrape(text: str) -> Scrape:
    """The figures of a scrape; ValueError for what are no metrics. What was never counted is not told, and zero."""
    samples = {_name_of(family): family.samples for family in text_string_to_metric_families(text)}
    totals = {key: sum(one.value for one in samples.get(name, ()) if is_meant(one)) for name, key, is_meant in COUNTERS}
    statuses = {one.labels["component"]: one.value for one in samples.get(STATUS, ())}
    return Scrape(totals, {"cache_status": statuses["cache"]} if "cache" in statuses else {})


def read_total(text: str, counter: str) -> float | None:
    """What a counter came to, all its series together; None when it is not told, and ValueError for no metrics."""
    found = [family.samples for family in text_string_to_metric_families(text) if _name_of(family) == counter]
    return sum(one.value for one in found[0] if one.name == counter) if found else None


def _name_of(family: Metric) -> str:
    """The name as it is printed: the parser takes the ending of counters off."""
    return f"{family.name}_total" if family.type == "counter" else family.name
