"""Staff's pages of what the collector found: checks, outages, metrics, alerts, deliveries; with a collector's data."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from standalone.postgres import Server
from tests.auth.prepared_desk import open_desk
from tests.auth.staff_pages import Desk

CHECKS = "/admin/health/checks/"
METRICS = "/admin/health/metrics/"


@pytest.fixture(scope="module")
def desk(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Staff of a house that has been watched for a while."""
    with open_desk(server, tmp_path_factory.mktemp("data"), Path(__file__).parent / "watched.sql") as found:
        yield found


def text_of(page: str) -> str:
    """What is read on a page, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_overview_tells_what_is_not_well(desk: Desk) -> None:
    text = text_of(desk.see("/admin/"))
    assert "No collector has been heard of for 10 min" in text
    assert "Endpoints watched 2" in text
    assert "✕ Down 1" in text
    assert "○ Unknown 1" in text
    assert "Open alerts 1" in text
    assert "Shop is down <now>" in text


def test_an_endpoint_tells_its_figures(desk: Desk) -> None:
    page = desk.see("/admin/health/endpoints/1/")
    text = text_of(page)
    assert "Uptime, 24 hours 97.12 % watched 50.2 % of it" in text
    assert "Uptime, 90 days 99.50 % Last answer" in text
    assert "Uptime, 7 days – " in text
    assert "Average, 24 hours 45.2 ms" in text
    assert "p95, 24 hours 210 ms" in text
    assert "Certificate until 2031-01-02" in text
    assert "✕ Down since" in text
    assert 'aria-label="long outages on 1 day, short outages on 1 day, not watched on 80 days"' in page


def test_an_endpoint_tells_its_outages(desk: Desk) -> None:
    troubles = re.search(r"Outages and other troubles(.*?)Definition", text_of(desk.see("/admin/health/endpoints/1/")))
    assert troubles
    assert "✕ Down" in troubles[1]
    assert "goes on" in troubles[1]
    assert re.search(r"30 min( \d+ s)?", troubles[1])
    assert "Operational" not in troubles[1]


def test_a_check_tells_its_phases_and_what_each_assertion_observed(desk: Desk) -> None:
    page = desk.see(f"{CHECKS}?endpoint_id=1&outcome=major_outage&limit=1")
    assert 'aria-label="DNS 1.0 ms, Connect 2.0 ms, TLS 3.0 ms, Wait 70.0 ms, Transfer 1.0 ms"' in page
    text = text_of(page)
    assert "503 status: 503 is none of 2xx" in text
    assert '✕ broken JSON at path $.status equals: ok "<down>"' in text
    assert "Address 203.0.113.7" in text
    assert "Collector one" in text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 50),
        ("&limit=200", 60),
        ("&outcome=degraded", 1),
        ("&outcome=missed", 1),
        ("&outcome=operational&limit=200", 28),
        ("&until=2020-01-01", 0),
        ("&since=2199-01-01", 0),
        ("&since=2020-01-01&outcome=&limit=200", 60),
    ],
)
def test_the_history_is_narrowed(desk: Desk, query: str, count: int) -> None:
    page = desk.see(f"{CHECKS}?endpoint_id=1{query}")
    assert len(re.findall(r"<tr>\s*<td><time", page)) == count


def test_the_history_is_paged_without_gap_or_repeat(desk: Desk) -> None:
    path, slots = f"{CHECKS}?endpoint_id=1&limit=25", []
    while path:
        page = desk.see(path)
        slots += re.findall(r"<tr>\s*<td><time datetime=\"([^\"]+)\"", page)
        following = re.search(r'rel="next" href="(\?[^"]+)"', page)
        path = CHECKS + html.unescape(following[1]) if following else ""
    assert len(slots) == len(set(slots)) == 60
    assert slots == sorted(slots, reverse=True)


def test_a_missed_slot_says_why(desk: Desk) -> None:
    assert "30 slots without a check: no_collector" in text_of(desk.see(f"{CHECKS}?endpoint_id=1&outcome=missed"))


def test_another_endpoints_history_is_its_own(desk: Desk) -> None:
    assert "No such check" in desk.see(f"{CHECKS}?endpoint_id=2")
    assert desk.get(f"{CHECKS}?endpoint_id=4711").status_code == 404


def charts(desk: Desk, query: str = "") -> dict[str, Any]:
    """What a script would draw, by the names of the tables beside it."""
    page = desk.see(METRICS + query)
    found = re.findall(r'data-chart="([^"]+)".*?aria-label="([^"]+)"', page, re.DOTALL)
    return {html.unescape(name): json.loads(html.unescape(told)) for told, name in found}


def test_hosts_and_the_house_are_drawn(desk: Desk) -> None:
    found = charts(desk)
    assert found.keys() == {
        *(
            f"Host {host}: {title}"
            for host in ("alpha", "beta")
            for title in ("Use", "Load", "Memory", "Network", "Open files")
        ),
        "Our processes: CPU",
        "Our processes: Memory",
        "Requests: Requests",
        "Requests: Answers",
        "Database: Connecting",
        "Database: Connections",
        "Broker: Answering",
    }
    use = found["Host alpha: Use"]
    assert use["labels"] == ["CPU", "Memory", "Disk"]
    assert [len(line) for line in use["data"]] == [44] * 4


@pytest.mark.parametrize(("time", "steps"), [("hour", 55), ("week", 100)], ids=["from minutes", "from hours"])
def test_requests_are_told_by_the_minute_with_their_times(desk: Desk, time: str, steps: int) -> None:
    found = charts(desk, f"?time={time}")
    moments, *counts = found["Requests: Requests"]["data"]
    assert (len(moments), [set(line) for line in counts]) == (steps, [{600}, {14}, {6}])
    answers = found["Requests: Answers"]
    assert answers["labels"] == ["Average", "p95"]
    assert answers["data"][1:] == [[20] * steps, [pytest.approx(40, rel=0.01)] * steps]


def test_a_host_is_chosen(desk: Desk) -> None:
    found = charts(desk, "?host=beta&time=day")
    assert any(name.startswith("Host beta") for name in found)
    assert not any(name.startswith("Host alpha") for name in found)


@pytest.mark.parametrize("time", ["hour", "day", "week", "month", "year"])
def test_figures_are_told_in_a_table_too(desk: Desk, time: str) -> None:
    text = text_of(desk.see(f"{METRICS}?time={time}&host=alpha"))
    told = re.search(r"Host alpha: Use Now Lowest Average Highest CPU ([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+)", text)
    assert told
    _, lowest, average, highest = map(float, told.groups())
    assert 10 <= lowest <= average <= highest <= 27
    assert "Database: Connections" in text


def test_alerts_are_listed_open_and_resolved(desk: Desk) -> None:
    both, still = text_of(desk.see("/admin/health/alerts/")), text_of(desk.see("/admin/health/alerts/?status=open"))
    assert ("Shop is down <now>" in both, "CPU of alpha was high" in both) == (True, True)
    assert ("Shop is down <now>" in still, "CPU of alpha was high" in still) == (True, False)
    assert "CPU of alpha" in desk.see("/admin/health/alerts/?status=resolved&limit=1")


def test_a_channel_tells_how_it_delivers(desk: Desk) -> None:
    text = text_of(desk.see("/admin/notifications/"))
    assert "Failing since" in text
    assert "answered 500" in text
    assert "1 failed" in text
    assert "Failures 17" in text_of(desk.see("/admin/notifications/1/"))


def test_an_entry_that_is_no_pair_is_shown_as_it_is(desk: Desk) -> None:
    text = text_of(desk.see("/admin/audit/"))
    assert 'name "Shop"' in text
    assert 'note "no pair"' in text
