"""The form of an endpoint: the API's fields as text, and back."""

from typing import Any

from pydantic import Field

from auth.admin.demands import Row, read_rows, to_assertion, to_row
from auth.pages.room import PageForm
from auth.pages.typed import number_or_text
from sql.models import Endpoint


class EndpointForm(PageForm):
    """An endpoint's definition as its form has it; what stands here is what a new one begins with."""

    name: str = ""
    url: str = ""
    method: str = "GET"
    headers: str = ""
    body: str = ""
    interval_seconds: str = "60"
    timeout_seconds: str = "10"
    retries: str = "2"
    expected_status: str = "2xx"
    degraded_after_ms: str = "1000"
    assertion_choice: list[str] = Field(default_factory=list)
    assertion_of: list[str] = Field(default_factory=list)
    assertion_value: list[str] = Field(default_factory=list)
    group: str = ""
    parent_id: str = ""
    position: str = "0"
    is_enabled: str = ""
    is_public: str = ""

    @property
    def rows(self) -> list[Row]:
        """What is demanded of the answer."""
        return read_rows(self.assertion_choice, self.assertion_of, self.assertion_value)

    @property
    def values(self) -> dict[str, Any]:
        """The form in the words of the API's models."""
        numbers = ("interval_seconds", "timeout_seconds", "retries", "degraded_after_ms", "position")
        return {
            "name": self.name.strip(),
            "url": self.url.strip(),
            "method": self.method,
            "headers": _read_headers(self.headers),
            "body": self.body.replace("\r\n", "\n") or None,
            **{name: number_or_text(getattr(self, name)) for name in numbers},
            "expected_status": self.expected_status.replace(",", " ").split(),
            "assertions": [to_assertion(row) for row in self.rows],
            "group": self.group.strip() or None,
            "parent_id": number_or_text(self.parent_id) if self.parent_id else None,
            "is_enabled": bool(self.is_enabled),
            "is_public": bool(self.is_public),
        }


def form_of(endpoint: Endpoint) -> EndpointForm:
    """The form of an endpoint as it stands."""
    rows = [to_row(assertion) for assertion in endpoint.assertions]
    return EndpointForm(
        **{
            name: str(getattr(endpoint, name))
            for name in (
                "name",
                "url",
                "method",
                "interval_seconds",
                "timeout_seconds",
                "retries",
                "degraded_after_ms",
                "position",
            )
        },
        headers="\n".join(f"{name}: {value}" for name, value in endpoint.headers.items()),
        body=endpoint.body or "",
        expected_status=", ".join(endpoint.expected_status),
        assertion_choice=[row.choice for row in rows],
        assertion_of=[row.of for row in rows],
        assertion_value=[row.value for row in rows],
        group=endpoint.group_name or "",
        parent_id=str(endpoint.parent_id or ""),
        is_enabled="on" if endpoint.is_enabled else "",
        is_public="on" if endpoint.is_public else "",
    )


def _read_headers(text: str) -> dict[str, str]:
    """`Name: value`, one a line; a line without a colon is a name without a value."""
    parts = (line.partition(":") for line in text.splitlines() if line.strip())
    return {name.strip(): value.strip() for name, _, value in parts}
