"""Staff's pages of requests: analytics, the log, and the self-audit; with what collectors would have written."""

import html
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from auth.admin.analytics import shade_of
from standalone.postgres import Server
from tests.auth.prepared_desk import open_desk
from tests.auth.staff_pages import Desk
from tests.support.client import Api

ANALYTICS = "/admin/analytics/"
AUDIT = "/admin/analytics/audit/"
LOG = "/admin/health/logs/"


@pytest.fixture(scope="module")
def desk(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Staff of a house that was asked the same each minute."""
    with open_desk(server, tmp_path_factory.mktemp("data"), Path(__file__).parent / "requests.sql") as found:
        yield found


@pytest.fixture(scope="module")
def own(desk: Desk) -> str:
    """A time of 90 minutes, with a whole hour and ragged ends, as the form sends it."""
    newest: datetime = desk.api.one("SELECT max(minute) FROM request_minutes")
    since = newest.replace(minute=45) - timedelta(hours=4)
    until = since + timedelta(minutes=90)
    return urlencode({"time": "own", "from": f"{since:%Y-%m-%dT%H:%M}", "to": f"{until:%Y-%m-%dT%H:%M}"})


def text_of(page: str) -> str:
    """What is read on a page, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_figures_of_a_time_are_exact(desk: Desk, own: str) -> None:
    text = text_of(desk.see(f"{ANALYTICS}?{own}&p=99.9"))
    assert re.search(r"Requests, 24 hours 17,[12]\d\d Requests, 7 days 18,720 Errors \(5xx\), 24 hours 1,4[34]\d", text)
    assert "Error rate 8.33 % Average 55.0 ms" in text
    told = re.search(
        r"p50 ([\d.]+) ms p75 ([\d.]+) ms p90 ([\d.]+) ms p95 ([\d.]+) ms p99 ([\d.]+) ms p99.9 ([\d.]+) ms", text
    )
    assert told
    assert [float(value) for value in told.groups()] == pytest.approx([5, 20, 100, 400, 400, 400], rel=0.011)
    assert "2xx 900 83.33 %" in text
    assert "4xx 90 8.33 % 5xx 90 8.33 %" in text
    assert "GET 990 91.66 %" in text
    assert "GET /actions/read 900 24.0 ms 0 0.00 % log" in text
    assert "GET /health/ 90 400 ms 90 100 % log" in text


def charts(page: str) -> dict[str, Any]:
    """What a script would draw, by title."""
    found = re.findall(r'data-chart="([^"]+)"><figcaption>(\w+)', page)
    return {title: json.loads(html.unescape(told)) for told, title in found}


def test_requests_and_latency_are_drawn_and_told_in_figures(desk: Desk, own: str) -> None:
    page = desk.see(f"{ANALYTICS}?{own}")
    drawn = charts(page)
    assert drawn["Requests"]["labels"] == ["All", "4xx", "5xx"]
    assert drawn["Requests"]["data"][1:] == [[180, 720, 180], [15, 60, 15], [15, 60, 15]]
    assert drawn["Latency"]["labels"] == ["p50", "p95", "p99"]
    assert drawn["Latency"]["data"][2] == pytest.approx([400, 400, 400], rel=0.011)
    rows = re.findall(r":\d\d (\d+) (\d+) (\d+) 55\.0 ms", text_of(page))
    assert rows == [("180", "15", "15"), ("720", "60", "60"), ("180", "15", "15")]


def test_the_heat_map_tells_how_many_took_how_long(desk: Desk, own: str) -> None:
    page = desk.see(f"{ANALYTICS}?{own}")
    table = page[page.index('aria-label="Latency over time"') : page.index('id="shades"')]
    shaded = re.findall(r'class="shade-(\d)">([\d.k]+)<', table)
    assert sorted(shaded) == sorted(
        [("2", "15"), ("2", "60"), ("2", "15")] * 2
        + [("3", "30"), ("3", "120"), ("3", "30")]
        + [("5", "120"), ("5", "480"), ("5", "120")]
    )


def test_a_route_is_chosen_and_left_again(desk: Desk, own: str) -> None:
    page = desk.see(f"{ANALYTICS}?{own}&route=GET+/health/")
    text = text_of(page)
    assert "Of GET /health/ alone ( all routes )" in text
    assert "5xx 90 100 %" in text
    assert "<option selected>GET /health/</option>" in page
    chosen = re.search(r'href="(\?[^"]+)">POST /actions/create<', desk.see(f"{ANALYTICS}?{own}"))
    assert chosen
    assert "4xx 90 100 %" in text_of(desk.see(ANALYTICS + html.unescape(chosen[1])))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        pytest.param("route=GET+/<nowhere>", "GET /<nowhere> was not asked in this time", id="route"),
        pytest.param("time=own&from=2020-01-01T00:00&to=2020-01-02T00:00", "Counting began at", id="before"),
    ],
)
def test_an_empty_time_says_what_to_do(desk: Desk, query: str, words: str) -> None:
    answer = desk.get(f"{ANALYTICS}?{query}")
    assert words in text_of(answer.text)
    assert "<nowhere>" not in answer.text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param("time=own&from=2026-01-02T00:00&to=2026-01-01T00:00", "from", id="backwards"),
        pytest.param("time=own&from=2150-01-02T00:00", "from", id="to come"),
        pytest.param("p=none", "p", id="no percentile"),
        pytest.param("p=101", "p", id="percentile over 100"),
    ],
)
def test_a_fault_stands_beside_its_field(desk: Desk, query: str, field: str) -> None:
    answer = desk.get(f"{ANALYTICS}?{query}")
    assert answer.status_code == 422
    assert re.search(rf'aria-invalid="true" aria-describedby="field-{field}-fault', answer.text)
    assert f'id="field-{field}-fault">' in answer.text
    assert "data-refresh" not in answer.text


@pytest.mark.parametrize("time", ["day", "week", "month", "quarter"])
def test_every_time_is_told(desk: Desk, time: str) -> None:
    text = text_of(desk.see(f"{ANALYTICS}?time={time}"))
    told = re.search(r"2xx ([\d,]+) 83\.33 %", text)
    assert told
    assert int(told[1].replace(",", "")) == pytest.approx(14_400 if time == "day" else 15_600, abs=100)
    assert ("Requests a second, now" in text) == (time == "day")


def test_a_collector_that_is_silent_and_what_was_lost_are_told(desk: Desk) -> None:
    text = text_of(desk.see(ANALYTICS))
    assert re.search(r"The collector of beta last read its journal 5 min( \d+ s)? ago", text)
    assert "Requests to beta were served and not logged" in text
    assert "alpha" not in text


def test_a_new_house_is_told_what_to_do(api: Api) -> None:
    desk = Desk(api)
    text = text_of(desk.see(ANALYTICS))
    assert "No collector has read a journal of this house yet" in text
    assert "No request has been counted yet" in text
    assert "Requests, 24 hours 0" in text
    api.collect("INSERT INTO journal_states VALUES ('alpha', now(), 90, 5, 0, 0, NULL)")
    text = text_of(desk.see(ANALYTICS))
    assert "No collector has read" not in text
    assert "The collector of alpha is 1 min 30 s behind" in text
    assert "No such request" in text_of(desk.see(LOG))
    assert "No hour has been audited in this time" in text_of(desk.see(AUDIT))


def request_ids(page: str) -> list[str]:
    """The requests on a page of the log."""
    return re.findall(r"<dd><code>(request-\d+)</code>", page)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        pytest.param("limit=200", 45, id="all but probes"),
        pytest.param("probes=only&limit=200", 15, id="probes"),
        pytest.param("endpoint=/health/&method=&status=", 6, id="route"),
        pytest.param("endpoint=/health/&method=POST", 0, id="method"),
        pytest.param("status=503", 6, id="status"),
        pytest.param("status=2xx", 39, id="class"),
        pytest.param("user_id=00000000-0000-4000-8000-000000000001", 1, id="user"),
        pytest.param("to=2020-01-01T00:00", 0, id="to"),
        pytest.param("from=2020-01-01T00:00&limit=200", 45, id="from"),
    ],
)
def test_the_log_is_narrowed(desk: Desk, query: str, count: int) -> None:
    assert len(request_ids(desk.see(f"{LOG}?{query}"))) == count


def test_the_log_offers_the_methods_that_are_logged(desk: Desk) -> None:
    offered = re.search(r'<select id="field-method".*?</select>', desk.see(LOG), re.DOTALL)
    assert offered
    assert text_of(offered[0]) == "Any DELETE GET HEAD OPTIONS PATCH POST PUT OTHER"


def test_the_log_is_paged_without_gap_or_repeat(desk: Desk) -> None:
    path, found = f"{LOG}?limit=20", []
    while path:
        page = desk.see(path)
        found += request_ids(page)
        following = re.search(r'rel="next" href="(\?[^"]+)"', page)
        path = LOG + html.unescape(following[1]) if following else ""
    assert found == [f"request-{ago}" for ago in range(1, 61) if ago % 4 != 1]


def test_a_request_tells_all_that_is_known_and_nothing_is_markup(desk: Desk) -> None:
    page = desk.see(f"{LOG}?status=503&limit=1")
    text = text_of(page)
    assert 'GET /health/ 503 12.3 ms 203.0.113.7 Service <b>Unavailable The database "away"' in text
    assert "Request id request-10 Agent <script>agent Sent 0 bytes Answered 321 bytes" in text
    assert ("<script>agent" in page, "<b>Unavailable" in page) == (False, False)


def test_a_person_is_told_by_e_mail_and_leads_to_their_requests(api: Api) -> None:
    desk = Desk(api)
    insert = "INSERT INTO request_log VALUES (%s, now(), %s, 'GET', 200, 5, 0, 0, false, %s)"
    api.collect(insert, 1, "/verify", desk.person.id)
    api.collect(insert, 2, "/login", None)
    page = desk.see(LOG)
    theirs = re.search(rf'href="(\?[^"]*user_id={desk.person.id}[^"]*)">{desk.person.email}<', page)
    assert theirs
    found = desk.see(LOG + html.unescape(theirs[1]))
    assert "First page" not in found
    assert ("GET /verify</th>" in found, "GET /login</th>" in found) == (True, False)
    assert f"{LOG}?user_id={desk.person.id}" in desk.see(f"/admin/users/{desk.person.id}/")


def test_the_audit_says_in_words_whether_all_agree(desk: Desk) -> None:
    text = text_of(desk.see(f"{AUDIT}?time=week"))  # of a day's the oldest may leave before it is asked for
    assert "1 of 23 audited hours does not agree" in text
    assert "✕ differ 720 719 -1 720 720 720 20" in text
    assert "✓ agree 720 720 720 720 723 +3" in text
    assert "✓ agree 720 720 720 720 – 20" in text
    assert re.search(r"beta \S+ \S+ 2 s 0 bytes 17 4 \S+ \S+ 3", text)
    assert "is a collector running" not in text


def test_the_audit_says_when_all_agree_and_when_it_is_late(api: Api) -> None:
    desk = Desk(api)
    insert = (
        "INSERT INTO request_audits SELECT date_trunc('hour', now()) - ago * interval '1 hour', 1, 1, 1, 1, 1, true "
        "FROM generate_series(%s, 9) ago"
    )
    api.collect(insert, 9)
    assert "The one audited hour agrees" in text_of(desk.see(AUDIT))
    api.collect(insert + " ON CONFLICT DO NOTHING", 6)
    assert "All 4 audited hours agree" in text_of(desk.see(AUDIT))
    assert "No hour after" in text_of(desk.see(AUDIT))
    api.collect(insert + " ON CONFLICT DO NOTHING", 1)
    text = text_of(desk.see(f"{AUDIT}?time=month"))
    assert "All 9 audited hours agree" in text
    assert "No hour" not in text


def test_what_more_requests_had_is_shaded_deeper() -> None:
    shades = [shade_of(share / 1000) for share in range(1001)]
    assert shades == sorted(shades)
    assert (shades[0], shades[1], shades[50], shades[499], shades[500], shades[1000]) == (0, 1, 2, 4, 5, 5)
