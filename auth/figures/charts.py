"""Which figures stand together in a chart: pure. A chart's lines share their unit and their moments."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

Value = float | None
Points = Mapping[str, Any]  # a moment under `at`, and the figures by name
Drawing = tuple[str, str, tuple[tuple[str, str], ...]]  # title, unit, and each line's figure with its words


@dataclass(frozen=True)
class Line:
    """One line of a chart."""

    label: str
    values: list[Value]

    @property
    def _known(self) -> list[float]:
        return [value for value in self.values if value is not None]

    @property
    def last(self) -> Value:
        """The newest value."""
        return self._known[-1] if self._known else None

    @property
    def lowest(self) -> Value:
        """The least."""
        return min(self._known, default=None)

    @property
    def average(self) -> Value:
        """The mean of the steps."""
        return sum(self._known) / len(self._known) if self._known else None

    @property
    def highest(self) -> Value:
        """The most."""
        return max(self._known, default=None)


@dataclass(frozen=True)
class Chart:
    """Lines over the same moments, in seconds since 1970."""

    title: str
    unit: str
    moments: list[float]
    lines: list[Line]

    @property
    def drawn(self) -> dict[str, Any]:
        """All that a script needs to draw it."""
        return {
            "unit": self.unit,
            "labels": [line.label for line in self.lines],
            "data": [self.moments, *(line.values for line in self.lines)],
        }


HOST: tuple[Drawing, ...] = (
    ("Use", "%", (("cpu_percent", "CPU"), ("memory_percent", "Memory"), ("disk_percent", "Disk"))),
    ("Load", "", (("load_1m", "Load, 1 min"),)),
    ("Memory", "MB", (("memory_mb", "Memory"),)),
    ("Network", "bytes/min", (("network_sent_bytes", "Sent"), ("network_received_bytes", "Received"))),
    ("Open files", "", (("open_files", "Open files"),)),
)
DATABASE: tuple[Drawing, ...] = (
    ("Connecting", "ms", (("connect_ms", "Time to connect"),)),
    ("Connections", "", (("connections", "In use"), ("connections_limit", "At most"))),
    ("Transactions", "/min", (("transactions_per_minute", "Transactions"),)),
    ("Rows", "/min", (("rows_read_per_minute", "Read"), ("rows_written_per_minute", "Written"))),
    ("Found in the cache", "%", (("cache_hit_percent", "Hits"),)),
    ("Size", "MB", (("size_mb", "Size"),)),
)
REQUESTS: tuple[Drawing, ...] = (
    ("Requests", "/min", (("requests", "All"), ("client_errors", "4xx"), ("errors", "5xx"))),
    ("Answers", "ms", (("average_ms", "Average"), ("p95_ms", "p95"))),
)
BROKER: tuple[Drawing, ...] = (
    ("Answering", "ms", (("latency_ms", "Latency"),)),
    ("Clients", "", (("clients", "Clients"),)),
    ("Messages", "/min", (("messages_received_per_minute", "Received"), ("messages_sent_per_minute", "Sent"))),
    ("Traffic", "bytes/min", (("bytes_received_per_minute", "Received"), ("bytes_sent_per_minute", "Sent"))),
)
PROCESSES = (
    ("CPU", "%", "cpu_percent"),
    ("Memory", "MB", "memory_mb"),
    ("Open files", "", "open_files"),
    ("Threads", "", "threads"),
    ("Processes", "", "processes"),
)
SUBJECTS = (("Requests", "requests", REQUESTS), ("Database", "database", DATABASE), ("Broker", "broker", BROKER))
PROCESS = "process:"


def chart_subject(points: Sequence[Points], drawings: Iterable[Drawing]) -> list[Chart]:
    """The charts of one subject; those without any value are left out."""
    return _with_lines(_chart(points, *drawing) for drawing in drawings)


def chart_processes(subjects: Mapping[str, Sequence[Points]]) -> list[Chart]:
    """A chart for each figure with a line for each process, over the moments of all."""
    by_moment = {
        subject.removeprefix(PROCESS): {point["at"]: point for point in points}
        for subject, points in sorted(subjects.items())
        if subject.startswith(PROCESS)
    }
    moments = sorted({at for points in by_moment.values() for at in points})
    return _with_lines(
        Chart(title, unit, moments, [_line(subject, moments, points, figure) for subject, points in by_moment.items()])
        for title, unit, figure in PROCESSES
    )


def _line(subject: str, moments: list[float], points: Mapping[float, Points], figure: str) -> Line:
    return Line(subject, [points[at].get(figure) if at in points else None for at in moments])


def _with_lines(charts: Iterable[Chart]) -> list[Chart]:
    """Without the lines that have no value at all, and the charts that then have no line."""
    told = (replace(chart, lines=[line for line in chart.lines if line.last is not None]) for chart in charts)
    return [chart for chart in told if chart.lines]


def _chart(points: Sequence[Points], title: str, unit: str, lines: tuple[tuple[str, str], ...]) -> Chart:
    read = partial(_values, points)
    return Chart(title, unit, [point["at"] for point in points], [Line(label, read(figure)) for figure, label in lines])


def _values(points: Sequence[Points], figure: str) -> list[Value]:
    return [point.get(figure) for point in points]
