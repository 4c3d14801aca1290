"""/admin/health/incidents/: staff tells of what went wrong."""

import json
import re

import pytest

from tests.auth.staff_pages import Desk
from tests.support.client import Api

HERE = "/admin/health/incidents/"
NEW = HERE + "new/"


@pytest.fixture
def desk(api: Api) -> Desk:
    return Desk(api)


@pytest.fixture
def shop(desk: Desk) -> int:
    """An endpoint that may be affected."""
    return int(desk.api.one("INSERT INTO endpoints (name, url) VALUES ('Shop', '/') RETURNING id"))


def open_incident(desk: Desk, *endpoints: int) -> int:
    """The id of a new incident."""
    page = desk.change(
        NEW,
        title="Slow desk",
        impact="partial_outage",
        status="identified",
        message="We look\r\ninto it.",
        endpoints=[str(endpoint) for endpoint in endpoints],
    )
    assert "The incident is open." in page
    return int(desk.api.one("SELECT max(id) FROM incidents"))


def test_an_incident_is_opened_told_of_and_resolved(desk: Desk, shop: int) -> None:
    incident = open_incident(desk, shop)
    page = f"{HERE}{incident}/"
    assert "The timeline is longer" in desk.change(page, page + "updates/", status="monitoring", message="Mended.")
    desk.change(page, page + "updates/", status="resolved", message="All well.")
    assert desk.api.rows("SELECT status, message FROM incident_updates ORDER BY id") == [
        ("identified", "We look\ninto it."),
        ("monitoring", "Mended."),
        ("resolved", "All well."),
    ]
    text = desk.see(page)
    assert [text.index(word) for word in ("into it.", "Mended.", "All well.")] == sorted(
        text.index(word) for word in ("into it.", "Mended.", "All well.")
    )
    assert f'href="/admin/health/endpoints/{shop}/"' in text
    assert desk.api.one("SELECT resolved_at IS NOT NULL FROM incidents")
    assert desk.audited()[0] == "incident.update_written"


def test_what_is_resolved_stays_so(desk: Desk) -> None:
    page = f"{HERE}{open_incident(desk)}/"
    desk.change(page, page + "updates/", status="resolved", message="All well.")
    answer = desk.send(page, page + "updates/", status="investigating", message="Back again?")
    assert (answer.status_code, "is resolved; tell of a new one" in answer.text) == (409, True)
    assert "Back again?</textarea>" in answer.text


def test_it_is_acknowledged_once(desk: Desk) -> None:
    page = f"{HERE}{open_incident(desk)}/"
    assert "is acknowledged" in desk.change(page, page + "acknowledge/")
    assert str(desk.api.one("SELECT acknowledged_by FROM incidents")) == desk.person.id
    assert f'action="{page}acknowledge/"' not in desk.see(page)


def test_it_is_edited(desk: Desk, shop: int) -> None:
    incident = open_incident(desk, shop)
    form = desk.form(f"{HERE}{incident}/edit/")
    assert (form.fields["title"], form.fields["impact"], form.fields["endpoints"]) == (
        ["Slow desk"],
        ["partial_outage"],
        [str(shop)],
    )
    desk.change(f"{HERE}{incident}/edit/", title="Very slow desk", endpoints=[])
    assert desk.api.rows("SELECT title, impact FROM incidents") == [("Very slow desk", "partial_outage")]
    assert desk.api.rows("SELECT * FROM incident_endpoints") == []
    assert desk.audited()[2]["title"] == ["Slow desk", "Very slow desk"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"title": " "}, "at least 1 character", id="no title"),
        pytest.param({"message": ""}, "at least 1 character", id="no message"),
        pytest.param({"impact": "awful"}, "Input should be", id="unknown impact"),
        pytest.param({"endpoints": ["4711"]}, "not there", id="unknown endpoint"),
        pytest.param({"endpoints": ["all"]}, "valid integer", id="no endpoint"),
    ],
)
def test_what_is_wrong_is_said(desk: Desk, fields: dict[str, str], reason: str) -> None:
    answer = desk.send(NEW, **{"title": "Slow", "message": "Typed before", **fields})
    assert (answer.status_code, reason in answer.text) == (422, True)
    assert "Typed before" in answer.text or "message" in fields
    assert desk.api.one("SELECT count(*) FROM incidents") == 0


def test_titles_and_messages_are_only_text(desk: Desk) -> None:
    hostile = "<script>alert(1)</script>"
    desk.change(NEW, title=hostile, message=hostile)
    for path in ("/admin/", HERE, f"{HERE}{desk.api.one('SELECT max(id) FROM incidents')}/", "/admin/audit/"):
        text = desk.see(path)
        assert "script&gt;" in text or "\\u003cscript" in text
        assert "<script>alert" not in text


def test_the_list_is_narrowed_to_open_ones(desk: Desk) -> None:
    page = f"{HERE}{open_incident(desk)}/"
    desk.change(page, page + "updates/", status="resolved", message="All well.")
    desk.change(NEW, title="Still there", message="We look into it.")
    assert re.findall(r">(Slow desk|Still there)</a>", desk.see(HERE)) == ["Still there", "Slow desk"]
    assert re.findall(r">(Slow desk|Still there)</a>", desk.see(HERE + "?status=open")) == ["Still there"]
    assert re.findall(r">(Slow desk|Still there)</a>", desk.see(HERE + "?status=resolved")) == ["Slow desk"]
    assert re.findall(r">(Slow desk|Still there)</a>", desk.see("/admin/")) == ["Still there"]


def test_channels_are_told(desk: Desk) -> None:
    desk.change("/admin/notifications/new/", name="Ops", url="https://hooks.example/x")
    open_incident(desk)
    assert desk.api.rows("SELECT recipient, subject, kind FROM outbox WHERE channel = 'notification'") == [
        ("Ops", "Slow desk: identified", "incidents")
    ]
    assert json.dumps(desk.audited()[2])
