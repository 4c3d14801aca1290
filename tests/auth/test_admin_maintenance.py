"""/admin/health/maintenance/: planned work, once and recurring, by the clock of a zone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.auth.staff_pages import Desk
from tests.support.client import Api

HERE = "/admin/health/maintenance/"
NEW = HERE + "new/"
YEAR = datetime.now(UTC).year + 1
ONCE = {
    "title": "Backups",
    "starts_at": f"{YEAR}-07-01T02:30",
    "ends_at": f"{YEAR}-07-01T04:00",
    "timezone": "Europe/Berlin",
    "is_for_all": "on",
}


@pytest.fixture
def desk(api: Api) -> Desk:
    return Desk(api)


def plan(desk: Desk, **fields: Any) -> int:
    """The id of a new plan."""
    assert "is planned" in desk.change(NEW, **{**ONCE, **fields})
    return int(desk.api.one("SELECT max(id) FROM maintenance"))


def begin(desk: Desk, maintenance_id: int) -> None:
    """As if it had begun a while ago."""
    desk.api.rows(
        "UPDATE maintenance SET starts_at = now() - interval '90.5 minutes', ends_at = now() + interval '90.5 minutes' "
        "WHERE id = %s",
        maintenance_id,
    )


def test_times_are_by_the_clock_of_the_zone(desk: Desk) -> None:
    maintenance_id = plan(desk)
    assert desk.api.rows("SELECT starts_at, ends_at, rrule, is_for_all FROM maintenance") == [
        (datetime(YEAR, 7, 1, 0, 30, tzinfo=UTC), datetime(YEAR, 7, 1, 2, 0, tzinfo=UTC), None, True)
    ]
    form = desk.form(f"{HERE}{maintenance_id}/edit/")
    assert (form.fields["starts_at"], form.fields["timezone"]) == ([ONCE["starts_at"]], ["Europe/Berlin"])


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        pytest.param({"repeats": "daily"}, "FREQ=DAILY", id="daily"),
        pytest.param({"repeats": "weekly"}, "FREQ=WEEKLY", id="weekly"),
        pytest.param(
            {"repeats": "weekly", "every": "2", "weekdays": ["MO", "SU"]},
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU",
            id="some weekdays",
        ),
        pytest.param({"repeats": "monthly_day", "month_day": "-1"}, "FREQ=MONTHLY;BYMONTHDAY=-1", id="last day"),
        pytest.param(
            {"repeats": "monthly_weekday", "ordinal": "2", "weekday": "TU"}, "FREQ=MONTHLY;BYDAY=2TU", id="a weekday"
        ),
        pytest.param({"repeats": "rule", "rule": "FREQ=YEARLY;COUNT=3"}, "FREQ=YEARLY;COUNT=3", id="a rule"),
    ],
)
def test_it_recurs_as_was_chosen(desk: Desk, fields: dict[str, Any], rule: str) -> None:
    maintenance_id = plan(desk, **fields)
    assert desk.api.one("SELECT rrule FROM maintenance") == rule
    desk.change(f"{HERE}{maintenance_id}/edit/")
    assert desk.api.one("SELECT rrule FROM maintenance") == rule
    assert desk.see(f"{HERE}{maintenance_id}/").count("Europe/Berlin") >= 2


def test_the_next_occurrences_are_shown_in_both_clocks(desk: Desk) -> None:
    page = desk.see(f"{HERE}{plan(desk, repeats='daily')}/")
    for day in range(1, 6):
        assert f"{YEAR}-07-0{day} 00:30:00" in page
        assert f"{YEAR}-07-0{day} 02:30" in page


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"title": ""}, "at least 1 character", id="no title"),
        pytest.param({"starts_at": "soon"}, "must be a moment", id="no time"),
        pytest.param({"ends_at": ONCE["starts_at"]}, "must end after it starts", id="no length"),
        pytest.param({"starts_at": "2020-01-01T00:00"}, "must", id="in the past"),
        pytest.param({"timezone": "Mars/Olympus"}, "no time zone", id="no zone"),
        pytest.param({"repeats": "rule", "rule": "FREQ=SECONDLY"}, "FREQ must be", id="too often"),
        pytest.param({"repeats": "daily", "every": "0"}, "INTERVAL must be", id="never again"),
        pytest.param({"is_for_all": []}, "must name at least one endpoint", id="covers nothing"),
        pytest.param({"is_for_all": [], "endpoints": ["4711"]}, "not there", id="unknown endpoint"),
    ],
)
def test_what_is_wrong_is_said(desk: Desk, fields: dict[str, Any], reason: str) -> None:
    answer = desk.send(NEW, **{**ONCE, "description": "Typed before", **fields})
    assert (answer.status_code, reason in answer.text) == (422, True), answer.text
    assert "Typed before</textarea>" in answer.text
    assert desk.api.one("SELECT count(*) FROM maintenance") == 0


def test_it_covers_chosen_endpoints(desk: Desk) -> None:
    shop = desk.api.one("INSERT INTO endpoints (name, url) VALUES ('Shop', '/') RETURNING id")
    maintenance_id = plan(desk, is_for_all=[], endpoints=[str(shop)])
    assert desk.api.rows("SELECT endpoint_id FROM maintenance_endpoints") == [(shop,)]
    assert ">Shop</a>" in desk.see(f"{HERE}{maintenance_id}/")


def test_the_past_of_a_plan_cannot_be_changed(desk: Desk) -> None:
    maintenance_id = plan(desk)
    begin(desk, maintenance_id)
    path = f"{HERE}{maintenance_id}/edit/"
    form = desk.form(path)
    assert "starts_at" not in form.fields
    assert "ends_at" in form.fields
    before = desk.api.rows("SELECT starts_at, ends_at, timezone FROM maintenance")
    desk.change(path, title="Longer backups", starts_at="2020-01-01T00:00", timezone="UTC", is_for_all=[])
    assert desk.api.rows("SELECT starts_at, ends_at, timezone FROM maintenance") == before
    assert desk.api.one("SELECT title FROM maintenance") == "Longer backups"


def test_the_end_of_a_plan_that_has_begun_can_move(desk: Desk) -> None:
    maintenance_id = plan(desk, timezone="UTC")
    begin(desk, maintenance_id)
    later = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=5)
    desk.change(f"{HERE}{maintenance_id}/edit/", ends_at=later.strftime("%Y-%m-%dT%H:%M"))
    assert desk.api.one("SELECT ends_at FROM maintenance") == later


def test_a_plan_that_runs_is_ended_after_a_question(desk: Desk) -> None:
    maintenance_id = plan(desk)
    begin(desk, maintenance_id)
    assert "right now" in desk.see(f"{HERE}{maintenance_id}/")
    assert "stays left out of uptime" in desk.see(f"{HERE}{maintenance_id}/end/")
    assert "has ended" in desk.change(f"{HERE}{maintenance_id}/end/")
    assert "Over" in desk.see(f"{HERE}{maintenance_id}/")
    assert desk.audited()[0] == "maintenance.ended"


def test_a_plan_that_has_not_begun_is_taken_away(desk: Desk) -> None:
    maintenance_id = plan(desk)
    assert "as if it had never been" in desk.see(f"{HERE}{maintenance_id}/end/")
    desk.change(f"{HERE}{maintenance_id}/end/")
    assert desk.api.one("SELECT count(*) FROM maintenance") == 0
    assert "Nothing is planned" in desk.see(HERE)
