"""/health/status-page/ and its JSON: what they say of services, incidents, maintenance and the last day."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from auth.house import KEY
from tests.auth.status_rows import (
    DOCUMENT,
    FINE,
    PAGE,
    add_incident,
    add_interval,
    add_plan,
    add_service,
)
from tests.support.client import Api

Read = Callable[..., Any]
EVIL = "<script>alert('x')</script>&\"<!--age-->"


@pytest.fixture
def forget(rolled_back_app: Flask) -> Callable[[], None]:
    """Takes away the snapshot: the next reader makes a new one."""
    folder = rolled_back_app.extensions[KEY].settings.data / "status"
    return lambda: (folder / "snapshot").unlink(missing_ok=True)


@pytest.fixture
def read(api: Api, forget: Callable[[], None]) -> Read:
    """The page as it is now: its JSON, or its HTML."""

    def read(path: str = DOCUMENT) -> Any:
        forget()
        answer = api.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.get_json() if path == DOCUMENT else answer.text

    return read


def services(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {service["name"]: service for group in document["groups"] for service in group["services"]}


def test_a_house_that_watches_nothing_yet_says_so(read: Read) -> None:
    document = read()
    assert (document["status"], document["services"]) == ("unknown", {"total": 0, "operational": 0})
    assert document["last_24h"]["averages"] == dict.fromkeys(["uptime", "response_ms", "error_rate", "cpu", "memory"])
    page = read(PAGE)
    assert "No services are watched yet" in page
    assert "Uptime: no data in the last 24 hours" in page


def test_a_service_is_told_with_all_its_figures(read: Read, api: Api) -> None:
    made = add_service(api, "Shop", uptime=99.999, coverage=61.9)
    [group] = read()["groups"]
    [service] = group["services"]
    now = service.pop("last_checked_at")
    assert datetime.fromisoformat(now) > datetime.fromisoformat(service.pop("since"))
    expected = {
        "id": made,
        "name": "Shop",
        "status": "operational",
        "uptime": {
            "24h": 99.999, "7d": 99.5, "30d": 99.6, "90d": 99.7,
            "coverage": 61.9, "coverage_7d": 91, "coverage_30d": 92, "coverage_90d": 93,
        },
        "days": FINE,
        "response_ms": {"last": 12.3, "avg_24h": 45.6, "p95_24h": 78.9},
    }  # fmt: skip
    assert service == expected
    page = read(PAGE)
    for told in ("99.99 %", "61 % watched", "46 ms", 'aria-label="99.70 % up over 90 days; no outages"'):
        assert told in page, told
    assert "100 % <small>up" not in page


@pytest.mark.parametrize(
    ("states", "status", "headline"),
    [
        (["operational", "operational"], "operational", "All Systems Operational"),
        (["operational", "degraded"], "degraded", "Degraded Performance"),
        (["operational", "major_outage"], "partial_outage", "Partial Outage"),
        (["major_outage", "major_outage"], "major_outage", "Major Outage"),
        (["operational", "unknown"], "unknown", "Status Unknown"),
        (["operational", None], "unknown", "Status Unknown"),
    ],
    ids=str,
)
def test_the_whole_follows_from_its_services(
    read: Read, api: Api, states: list[str | None], status: str, headline: str
) -> None:
    for state in states:
        add_service(api, state=state)
    document = read()
    assert (document["status"], document["headline"]) == (status, headline)
    assert document["services"] == {"total": 2, "operational": states.count("operational")}
    page = read(PAGE)
    assert f'<h2 id="headline">{headline}</h2>' in page
    assert f"{states.count('operational')}/2 services operational" in page


def test_services_stand_in_groups_in_their_order(read: Read, api: Api) -> None:
    for name, group, position in (("a", "Second", 2), ("b", None, 3), ("c", "First", 1), ("d", "Second", 0)):
        add_service(api, name, "degraded" if name == "c" else "operational", group_name=group, position=position)
    found = [(group["name"], group["status"], [one["name"] for one in group["services"]]) for group in read()["groups"]]
    assert found == [
        ("Second", "operational", ["d", "a"]),
        ("First", "degraded", ["c"]),
        ("Services", "operational", ["b"]),
    ]


def test_evidence_that_ran_out_is_unknown_and_old_figures_are_none(read: Read, api: Api) -> None:
    add_service(api, "Silent", good_for="-1 s", measured="2 days", days="o" * 89 + "m")
    service = services(read())["Silent"]
    assert service["status"] == "unknown"
    assert set(service["uptime"].values()) == {None}
    assert service["days"] == "o" * 87 + "muu"


def test_private_and_disabled_endpoints_are_nobodys_business(read: Read, api: Api) -> None:
    hidden = add_service(api, "Hidden", "major_outage", is_public=False)
    add_service(api, "Disabled", "major_outage", is_enabled=False)
    shown = add_service(api, "Shown", headers='{"X-Token": "hush"}', body="hush", url="https://e.example/?k=hush")
    add_incident(api, "Hidden is down", (hidden,), by_rule=True)
    add_incident(api, "About both", (hidden, shown))
    add_plan(api, "Hidden work", (hidden,), starts="1 day")
    document, page = read(), read(PAGE)
    assert (document["status"], document["services"]["total"]) == ("operational", 1)
    assert [(one["title"], one["services"]) for one in document["incidents"]["open"]] == [("About both", ["Shown"])]
    assert document["maintenance"] == []
    for secret in ("Hidden", "Disabled", "hush"):
        assert secret not in page
        assert secret not in str(document)


def test_page_list_and_overview_tell_everybody_of_the_same_incidents(read: Read, api: Api) -> None:
    shown, hidden = add_service(api, "Shown"), add_service(api, "Hidden", is_public=False)
    add_incident(api, "Of the whole house")
    add_incident(api, "Of both", (shown, hidden))
    add_incident(api, "Of the public one", (shown,), by_rule=True)
    add_incident(api, "Of the hidden one", (hidden,))
    add_incident(api, "Of one that is gone", by_rule=True)
    moved = add_incident(api, "By rule of the public one, says staff of the hidden one", (hidden,), by_rule=True)
    api.collect("UPDATE incidents SET endpoint_id = %s WHERE id = %s", shown, moved)
    reader = api.person()
    listed = {one["title"] for one in reader.call("GET", "/health/api/incidents/").get_json()["items"]}
    assert listed == {"Of the whole house", "Of both", "Of the public one"}
    assert {one["title"] for one in read()["incidents"]["open"]} == listed
    assert reader.call("GET", "/health/api/overview/").get_json()["incidents_open"] == len(listed)


def test_maintenance_goes_before_any_state(read: Read, api: Api) -> None:
    down, silent = add_service(api, "Down", "major_outage"), add_service(api, "Silent", None)
    add_service(api, "Fine")
    add_plan(api, "New disks", (down, silent), starts="-10 minutes", description="Two of them.")
    document = read()
    assert {name: one["status"] for name, one in services(document).items()} == {
        "Down": "maintenance",
        "Silent": "maintenance",
        "Fine": "operational",
    }
    assert document["status"] == "operational"
    [work] = document["maintenance"]
    assert (work["title"], work["services"], work["is_running"]) == ("New disks", ["Down", "Silent"], True)
    assert "Running now" in read(PAGE)


def test_maintenance_of_the_next_month_is_told_with_its_next_occurrence(read: Read, api: Api) -> None:
    add_service(api)
    add_plan(api, "Weekly", starts="-20 days", rrule="FREQ=WEEKLY")
    add_plan(api, "Soon", starts="2 hours")
    add_plan(api, "Next year", starts="300 days")
    add_plan(api, "Over", starts="-2 hours")
    found = {work["title"]: work for work in read()["maintenance"]}
    assert list(found) == ["Soon", "Weekly"]
    begins, ends = (datetime.fromisoformat(found["Weekly"][name]) for name in ("begins_at", "ends_at"))
    assert 0 < (begins - datetime.now(begins.tzinfo)).total_seconds() / 86400 <= 1.01
    assert (ends - begins).total_seconds() == 3600


def test_incidents_are_told_with_their_updates(read: Read, api: Api) -> None:
    shop = add_service(api, "Shop")
    made = add_incident(api, "Shop is down", (shop,), message="The first.")
    api.rows(
        "INSERT INTO incident_updates (incident_id, status, message) VALUES (%s, 'identified', 'The second.')", made
    )
    add_incident(api, "Of last week", started="7 days", resolved="6 days 23 hours")
    add_incident(api, "Of long ago", started="20 days", resolved="15 days")
    document, page = read(), read(PAGE)
    [incident] = document["incidents"]["open"]
    assert (incident["title"], incident["impact"], incident["services"]) == ("Shop is down", "major_outage", ["Shop"])
    assert [update["message"] for update in incident["updates"]] == ["The second.", "The first."]
    assert [incident["title"] for incident in document["incidents"]["past"]] == ["Of last week"]
    assert page.index("Shop is down") < page.index('id="services"') < page.index("Of last week")
    assert "lasted 1 h" in page
    assert "Of long ago" not in page


def test_what_others_wrote_is_text(read: Read, api: Api) -> None:
    made = add_service(api, EVIL, group_name=EVIL)
    add_incident(api, EVIL, (made,), message=EVIL)
    add_plan(api, EVIL, starts="1 hour", description=EVIL)
    api.rows("UPDATE status_page SET title = %s, description = %s", EVIL, EVIL)
    page = read(PAGE)
    assert "<script>alert" not in page
    assert page.count("<!--age-->") == 1
    assert page.count("&lt;script&gt;alert") >= 8
    assert read()["title"] == EVIL


@pytest.mark.parametrize(
    ("setting", "in_page", "in_document"),
    [
        ("shows_uptime", ["up 24 h", 'class="bars"', "<figcaption>Uptime"], ["uptime", "days"]),
        ("shows_response_times", ["46 ms", "<figcaption>Response time"], ["response_ms"]),
        ("shows_incidents", ["Shop is down", "Past 14 days"], []),
    ],
)
def test_staff_chooses_what_is_shown(
    read: Read, api: Api, setting: str, in_page: list[str], in_document: list[str]
) -> None:
    shop = add_service(api, "Shop")
    add_incident(api, "Shop is down", (shop,))
    page, document = read(PAGE), read()
    assert [told for told in in_page if told not in page] == []
    assert [name for name in in_document if services(document)["Shop"][name] is None] == []
    api.rows(f"UPDATE status_page SET {setting} = false")
    page, document = read(PAGE), read()
    assert [told for told in in_page if told in page] == []
    assert [name for name in in_document if services(document)["Shop"][name] is not None] == []
    assert not (set(in_document) & set(document["last_24h"]["series"]))
    assert len(document["incidents"]["open"]) == (setting != "shows_incidents")


def test_title_colours_and_rhythm_are_staffs(read: Read, api: Api) -> None:
    add_service(api)
    api.rows("UPDATE status_page SET title = 'Our house', success_color = '#ffee00', refresh_seconds = 7")
    page = read(PAGE)
    for told in ("<h1>Our house</h1>", "--operational:#ffee00;--operational-on:#000000", 'data-refresh="7"'):
        assert told in page, told
    assert read()["refresh_seconds"] == 7


def test_the_last_day_is_summed_from_its_counts(read: Read, api: Api) -> None:
    shop, other, closed = add_service(api), add_service(api), add_service(api)
    add_interval(api, shop, "operational", "3 days", None)
    add_interval(api, other, "operational", "3 days", "6 hours")
    add_interval(api, other, "major_outage", "6 hours", "5 hours")
    add_interval(api, other, "unknown", "5 hours", "4 hours")
    add_interval(api, other, "degraded", "4 hours", None)
    add_interval(api, closed, "major_outage", "2 hours", "1 hour")
    add_plan(api, "Closed", (closed,), starts="-2 hours")
    api.collect("SELECT make_partitions(now())")
    api.collect(
        "INSERT INTO request_minutes "
        "SELECT now() - ago * interval '5 hours', 'h', e, e, 100 * ago, 0, 0, 0, ago * n, 0, 0, 5e6 * ago, '{}', '{}' "
        "FROM (VALUES ('', 1), ('/', 0)) AS route (e, n), generate_series(1, 3) ago"
    )
    api.collect(
        "INSERT INTO host_metrics "
        "SELECT 'h', now() - ago * interval '1 hour', ago, 10 * ago, 1, 50, 1, 1, 1, 1, 1 "
        "FROM generate_series(1, 2) ago"
    )
    day = read()["last_24h"]
    assert day["averages"] | {"uptime": 0} == {
        "uptime": 0, "response_ms": 50.0, "error_rate": 1.0, "cpu": 16.66, "memory": 50.0,
    }  # fmt: skip
    shown_hours = (datetime.now().astimezone() - datetime.fromisoformat(day["since"])).total_seconds() / 3600
    assert day["averages"]["uptime"] == pytest.approx(100 - 100 / (2 * shown_hours - 1), abs=0.02)
    assert min(value for value in day["series"]["uptime"] if value is not None) == pytest.approx(50, abs=0.1)
    assert all(len(series) == 144 for series in day["series"].values())
    page = read(PAGE)
    for told in ("<dd>50 ms</dd>", "<dd>1 %</dd>", "<dd>17 %</dd>", "Error rate over 24 hours: 1 % on average"):
        assert told in page, told


def test_a_plan_that_cannot_be_followed_does_not_take_the_page_away(read: Read, api: Api) -> None:
    add_service(api)
    add_plan(api, "Nonsense", starts="1 hour", rrule="FREQ=SOMETIMES")
    add_plan(api, "Sense", starts="1 hour")
    assert [work["title"] for work in read()["maintenance"]] == ["Sense"]


def test_an_unchanged_house_is_answered_with_304(api: Api, forget: Callable[[], None]) -> None:
    add_service(api)
    for path in (PAGE, DOCUMENT):
        for coding in ("gzip", "identity"):
            forget()
            first = api.call("GET", path, headers={"Accept-Encoding": coding})
            tag = first.headers["ETag"]
            assert (first.headers["Vary"], first.headers["Cache-Control"]) == ("Accept-Encoding", "no-cache")
            forget()
            again = api.call("GET", path, headers={"Accept-Encoding": coding, "If-None-Match": tag})
            assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
            # a browser takes the headers of a 304 over into the page that it keeps
            assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
    add_service(api, state="major_outage")
    forget()
    assert api.call("GET", PAGE, headers={"If-None-Match": tag}).status_code == 200


def test_head_says_what_get_would(api: Api) -> None:
    head, full = api.call("HEAD", PAGE), api.call("GET", PAGE)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == full.headers["Content-Length"]
