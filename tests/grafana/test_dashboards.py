"""The dashboards as files: what the contract names is there, and each panel can be read without a manual."""

import itertools
import re

import pytest
import yaml

from tests.grafana import dashboards

SECTIONS = ("datasources", "dashboards")
# The panels that the contract names, by words of their titles.
WANTED = {
    "auth_service_monitoring": ("Request rate", "Request duration", "Error rate", "Actions by type"),
    "business_metrics": (
        "INSERT, UPDATE and DELETE rate",
        "Operations over time",
        "Resources",
        "Active users",
        "Usage records",
        "Available books",
        "Books on loan",
        "Overdue",
        "In line for a book",
        "Database and cache",
        "Loans and returns a minute",
        "Searches a minute",
        "Logins and registrations a minute",
        "Loans by category",
        "Overdue by age",
        "Active users and available books",
        "Database query duration",
        "API duration by method",
        "Queries a request",
        "Cache operations",
        "Cache duration",
        "Cache hit rate",
    ),
    "api_analytics": (
        "Requests and errors",
        "Requests and errors by hour",
        "Error rate by hour",
        "Status classes",
        "Methods",
        "Percentiles",
        "Percentiles by hour",
        "Latency over time",
        "Top routes",
        "Request rate by route",
        "Request duration",
        "Ingest lag by host",
        "Lines a second",
        "Batches",
        "Lost and quarantined",
        "Journals",
        "Self-audit",
    ),
    "postgresql": ("Connections by state", "Transactions", "Database size"),
    "endpoint_health": (
        "Services up",
        "Services",
        "Response time by endpoint",
        "Response time by phase",
        "Checks by outcome",
        "Lateness",
        "Missed slots by reason",
        "Certificates by time left",
        "Open incidents",
        "Open alerts",
        "Budget left",
    ),
    "hosts_and_collector": (
        "CPU, memory and disk",
        "Load",
        "Network",
        "Open files",
        "Processes",
        "Connections",
        "Broker",
        "Runs by outcome",
        "Failures by job",
        "Duration by job",
        "Since the last success",
        "Waiting",
        "Resident memory",
    ),
    "lock_fleet": (
        "Online and offline",
        "Locked and unlocked",
        "Batteries",
        "Events by type",
        "Commands by outcome",
        "Command latency",
        "Dead letters",
        "Ingest lag",
        "Alerts by kind",
    ),
}
SOURCES = {"prometheus": "prometheus", "postgresql": "grafana-postgresql-datasource"}


def provisioned(section: str) -> dict:
    """The one provisioning file of a section."""
    [path] = (dashboards.ROOT / "grafana" / "provisioning" / section).glob("*.yml")
    return yaml.safe_load(path.read_text())


def cells(panel: dict) -> set[tuple[int, int]]:
    """The cells of the grid that a panel covers."""
    left, top, width, height = (panel["gridPos"][side] for side in "xywh")
    return set(itertools.product(range(left, left + width), range(top, top + height)))


def test_the_dashboards_of_this_house_are_there_with_the_panels_the_contract_names():
    assert set(WANTED) <= set(dashboards.NAMES)
    for name, titles in WANTED.items():
        assert set(titles) <= {panel["title"] for panel in dashboards.panels(name)}


def test_no_two_dashboards_have_the_same_uid_or_title():
    loaded = [dashboards.load(name) for name in dashboards.NAMES]
    assert len({one["uid"] for one in loaded}) == len({one["title"] for one in loaded}) == len(loaded)


@pytest.mark.parametrize("name", dashboards.NAMES)
def test_every_panel_says_what_it_shows_and_in_which_unit(name):
    for panel in dashboards.panels(name):
        assert panel["title"], panel["id"]
        assert re.search(r"\w.*\.$", panel["description"], re.DOTALL), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"], panel["title"]


@pytest.mark.parametrize("name", dashboards.NAMES)
def test_every_series_has_a_legend_of_its_own(name):
    for panel in dashboards.panels(name):
        legends = [target["legendFormat"] for target in panel["targets"] if "expr" in target]
        assert len(set(legends)) == len(legends), panel["title"]
        assert panel["type"] == "stat" or "__auto" not in legends, panel["title"]


@pytest.mark.parametrize("name", dashboards.NAMES)
def test_panels_lie_in_the_grid_beside_one_another(name):
    loaded = dashboards.load(name)["panels"]
    assert len({panel["id"] for panel in loaded}) == len(loaded)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in loaded)
    pairs = itertools.combinations(loaded, 2)
    assert [(one["title"], other["title"]) for one, other in pairs if cells(one) & cells(other)] == []


@pytest.mark.parametrize("name", dashboards.NAMES)
def test_data_sources_are_named_by_variables_that_are_declared(name):
    variables = dashboards.load(name)["templating"]["list"]
    declared = {one["name"]: one["query"] for one in variables if one["type"] == "datasource"}
    used = [target["datasource"] for panel in dashboards.panels(name) for target in panel["targets"]]
    used += [panel["datasource"] for panel in dashboards.panels(name)]
    for source in used:
        variable = source["uid"].strip("${}")
        assert source["uid"] == f"${{{variable}}}"
        assert declared[variable] == source["type"] == SOURCES[variable]
    assert {source["uid"].strip("${}") for source in used} == set(declared)


@pytest.mark.parametrize("name", dashboards.NAMES)
def test_every_variable_in_a_query_is_declared_or_grafanas_own(name):
    declared = {one["name"] for one in dashboards.load(name)["templating"]["list"]}
    texts = [target.get("expr") or target["rawSql"] for panel in dashboards.panels(name) for target in panel["targets"]]
    used = {word for text in texts for word in re.findall(r"\$\{?(\w+)", text)}
    macros = {"__timeFilter", "__timeFrom", "__timeTo", "__timeGroupAlias"}
    assert used - declared <= {"__rate_interval", "__interval", "__interval_ms", "__range", *macros}


def test_both_kinds_of_data_source_are_provisioned():
    sources = {source["type"]: source for source in provisioned("datasources")["datasources"]}
    assert set(sources) == set(SOURCES.values())
    reader = sources["grafana-postgresql-datasource"]
    assert (reader["user"], reader["secureJsonData"]["password"]) == ("watchhouse_reader", "$READER_DATABASE_PASSWORD")
    assert sources["prometheus"]["jsonData"]["timeInterval"] == f"{dashboards.STEP_SECONDS}s"


def test_what_is_changed_in_grafana_does_not_replace_the_files():
    [provider] = provisioned("dashboards")["providers"]
    assert provider["type"] == "file"
    assert provider["allowUiUpdates"] is False
