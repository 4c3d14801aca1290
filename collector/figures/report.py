"""A day's figures as a person reads them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

# Figure, what it is called, and its unit; in the order of the report.
LINES = (
    ("users", "Users", ""),
    ("active", "Active users", ""),
    ("registrations", "Registrations", ""),
    ("logins", "Sign-ins", ""),
    ("loans", "Loans", ""),
    ("returns", "Returns", ""),
    ("overdue", "Overdue when the day ended", ""),
    ("resources", "Resources", ""),
    ("actions", "Actions", ""),
    ("requests", "Requests", ""),
    ("errors", "Errors (500 and above)", ""),
    ("client_errors", "Client errors (4xx)", ""),
    ("response_avg_ms", "Average response", "ms"),
    ("response_p95_ms", "P95 response", "ms"),
    ("uptime", "Uptime", "%"),
    ("checks", "Checks", ""),
    ("checks_failed", "Failed checks", ""),
    ("slots_missed", "Missed slots", ""),
    ("incidents", "Incidents", ""),
    ("alerts", "Alerts", ""),
    ("cpu_percent", "CPU", "%"),
    ("memory_percent", "Memory", "%"),
    ("disk_percent", "Disk", "%"),
    ("load_1m", "Load", ""),
)


@dataclass(frozen=True)
class Report:
    """A day; `rows` are its figures: figure, subject (empty: the house), value."""

    day: date
    rows: Sequence[tuple[Any, ...]]

    def as_json(self) -> dict[str, Any]:
        """The figures by name: a number, or numbers by subject with the house's own under `all`."""
        told: dict[str, Any] = {"day": self.day.isoformat()}
        for figure, _, _ in LINES:
            by_subject = {subject or "all": value for name, subject, value in self.rows if name == figure}
            if by_subject:
                told[figure] = by_subject["all"] if by_subject.keys() == {"all"} else by_subject
        return told

    def as_lines(self) -> list[str]:
        """A line a figure; those of parts stand beneath, and say of what."""
        return [
            f"{title if not subject else f'{title}, {subject}':40} {written(value, unit)}"
            for figure, title, unit in LINES
            for name, subject, value in self.rows
            if name == figure
        ]


def written(value: float, unit: str) -> str:
    """A count in whole numbers; what has a unit, or a fraction, with two places."""
    number = f"{value:,.2f}" if unit or value % 1 else f"{value:,.0f}"
    return f"{number:>14} {unit}".rstrip()


def letter_of(report: Report) -> tuple[str, str]:
    """The report as a mail: its subject and its body."""
    head = f"Watchhouse on {report.day.isoformat()}"
    return head, "\n".join([head, "", *report.as_lines(), ""])
