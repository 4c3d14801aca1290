"""/health/feed.atom and the badges: valid, escaped, and true."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask

from auth.house import KEY
from tests.auth.status_rows import FEED, add_incident, add_plan, add_service
from tests.support.client import Api

ATOM = "{http://www.w3.org/2005/Atom}"
SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<b>&\"' \x0b]]>"
WORDS = {
    "operational": "Operational",
    "degraded": "Degraded",
    "major_outage": "Major outage",
    "unknown": "Unknown",
}


@pytest.fixture
def ask(api: Api, rolled_back_app: Flask) -> Callable[..., Any]:
    """An answer about how things are now, not two seconds ago."""
    snapshot = rolled_back_app.extensions[KEY].settings.data / "status" / "snapshot"

    def ask(path: str, **headers: str) -> Any:
        snapshot.unlink(missing_ok=True)
        return api.call("GET", path, headers=headers)

    return ask


def feed(ask: Callable[..., Any]) -> ElementTree.Element:
    answer = ask(FEED)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    return ElementTree.fromstring(answer.data)


def text(element: ElementTree.Element, name: str) -> str:
    found = element.find(ATOM + name)
    assert found is not None, name
    assert found.text, name
    return found.text


def test_a_feed_without_entries_is_valid(ask: Callable[..., Any]) -> None:
    found = feed(ask)
    assert text(found, "id").startswith("urn:uuid:")
    assert text(found, "title") == "Watchhouse"
    assert datetime.fromisoformat(text(found, "updated")).tzinfo
    assert found.findall(ATOM + "entry") == []
    [own] = [link.get("href", "") for link in found.findall(ATOM + "link") if link.get("rel") == "self"]
    assert own.endswith(FEED)


def test_each_update_and_each_plan_is_an_entry_for_ever(ask: Callable[..., Any], api: Api) -> None:
    shop = add_service(api, "Shop")
    add_incident(api, "Shop is down", (shop,), started="2 hours", message="We look.")
    add_incident(api, "Mail was slow", started="3 days", resolved="2 days", message="It is over.")
    add_plan(api, "New disks", starts="1 day", description="Two of them.")
    found = feed(ask)
    entries = {text(entry, "title"): entry for entry in found.findall(ATOM + "entry")}
    assert list(entries) == ["Maintenance: New disks", "Investigating: Shop is down", "Resolved: Mail was slow"]
    assert text(entries["Investigating: Shop is down"], "content") == "We look."
    assert "Two of them." in text(entries["Maintenance: New disks"], "content")
    moments = [datetime.fromisoformat(text(entry, "updated")) for entry in entries.values()]
    assert moments == sorted(moments, reverse=True)
    assert datetime.fromisoformat(text(found, "updated")) == moments[0]
    ids = [text(entry, "id") for entry in entries.values()]
    assert len(set(ids)) == 3
    assert [text(entry, "id") for entry in feed(ask).findall(ATOM + "entry")] == ids


def test_what_others_wrote_is_text_and_fit_for_xml(ask: Callable[..., Any], api: Api) -> None:
    add_incident(api, EVIL, message=EVIL)
    api.rows("UPDATE status_page SET title = %s", EVIL)
    found = feed(ask)
    [entry] = found.findall(ATOM + "entry")
    assert text(entry, "content") == EVIL.replace("\x0b", "")
    assert [len(content) for content in entry.iter(ATOM + "content")] == [0]


@pytest.mark.parametrize("state", WORDS)
def test_a_badge_says_the_state_in_words(ask: Callable[..., Any], api: Api, state: str) -> None:
    made = add_service(api, EVIL, state)
    answer = ask(f"/health/badge/{made}.svg")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert answer.headers["Cache-Control"] == "no-cache"
    picture = ElementTree.fromstring(answer.data)
    name = EVIL.replace("\x0b", "")
    assert picture.get("aria-label") == f"{name}: {WORDS[state]}"
    assert [found.text for found in picture.iter(SVG + "text")] == [name, WORDS[state]]
    widths = [float(found.get("textLength", 0)) for found in picture.iter(SVG + "text")]
    assert float(picture.get("width", 0)) == sum(widths) + 28
    again = ask(f"/health/badge/{made}.svg", **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_long_name_is_cut(ask: Callable[..., Any], api: Api) -> None:
    made = add_service(api, "n" * 100)
    picture = ElementTree.fromstring(ask(f"/health/badge/{made}.svg").data)
    assert next(picture.iter(SVG + "text")).text == "n" * 59 + "…"


def test_there_is_no_badge_of_what_is_not_public(ask: Callable[..., Any], api: Api) -> None:
    hidden = add_service(api, is_public=False)
    for number in (hidden, 999_999):
        assert ask(f"/health/badge/{number}.svg").status_code == 404
    assert ask("/health/badge/x.svg").status_code == 404
