"""Reads the dashboards, and writes their queries as Grafana would send them: variables and macros filled in."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "grafana" / "dashboards"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
STEP_SECONDS = 15
RANGE = "5m"
STEP = {"__interval": f"{STEP_SECONDS}s", "__interval_ms": f"{STEP_SECONDS}000"}


@dataclass(frozen=True)
class Query:
    """One query of a panel."""

    dashboard: str
    panel: str
    target: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.dashboard}-{self.panel}-{self.target['refId']}"

    @property
    def is_sql(self) -> bool:
        return "rawSql" in self.target


def load(name: str) -> dict[str, Any]:
    """The dashboard whose file is `name`.json."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def panels(name: str) -> list[dict[str, Any]]:
    """All panels of a dashboard that show something."""
    return [panel for panel in load(name)["panels"] if panel["type"] != "row"]


def queries() -> list[Query]:
    """Every query of every panel."""
    shown = [(name, panel) for name in NAMES for panel in panels(name)]
    return [Query(name, panel["title"], target) for name, panel in shown for target in panel["targets"]]


def as_promql(query: Query, variables: Mapping[str, str]) -> str:
    """The expression with what Grafana fills in for a scrape every 15 s and a time of five minutes."""
    builtin = {"__rate_interval": "1m", **STEP, "__range": RANGE}
    return _filled(query.target["expr"], {**builtin, **variables})


def as_sql(query: Query, since: datetime, until: datetime, variables: Mapping[str, str]) -> str:
    """The statement with its macros expanded as Grafana's PostgreSQL data source does."""
    text = _filled(query.target["rawSql"], {**STEP, **variables})
    grouped = r'floor(extract(epoch from \1)/\2)*\2 AS "time"'
    text = re.sub(r"\$__timeGroupAlias\(([\w.]+), *(\d+)s\)", grouped, text)
    moments = [f"'{moment.astimezone(UTC).isoformat()}'" for moment in (since, until)]
    text = text.replace("$__timeFrom()", moments[0]).replace("$__timeTo()", moments[1])
    return re.sub(r"\$__timeFilter\(([\w.]+)\)", rf"\1 BETWEEN {moments[0]} AND {moments[1]}", text)


@dataclass(frozen=True)
class Variable:
    """A variable whose values Prometheus is asked for: those of a label of some series."""

    name: str
    selector: str
    label: str
    all_value: str | None  # what stands for "All", where that is offered; Grafana begins with it


def variables_of(name: str) -> list[Variable]:
    """The variables of a dashboard whose values Prometheus is asked for."""
    found = []
    for variable in load(name)["templating"]["list"]:
        if variable["type"] == "query":
            parts = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
            assert parts, f"{variable['name']} is asked for in a way this test does not know"
            found.append(Variable(variable["name"], parts[1], parts[2], variable.get("allValue")))
    return found


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$(?:(\w+)|\{(\w+)(:regex)?\})", lambda found: _value(found, values), text)


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    """What stands for a variable; the value of "All" is never escaped."""
    value = values.get(found[1] or found[2], found[0])
    return re.escape(value) if found[3] and value != ".*" else value
