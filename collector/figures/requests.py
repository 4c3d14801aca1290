"""What auth's own counter of requests says. Pure: the text of a /metrics in, a number out."""

from prometheus_client.parser import text_string_to_metric_families

FAMILY = "flask_http_request_duration_seconds"
STATIC = "static"


def read_requests(text: str) -> int:
    """All requests since the counter began, but for static files, which are not logged. ValueError for no metrics."""
    return sum(
        int(sample.value)
        for family in text_string_to_metric_families(text)
        if family.name == FAMILY
        for sample in family.samples
        if sample.name.endswith("_count") and sample.labels.get("url_rule") != STATIC
    )
