"""Staff's pages in a real browser: on a phone and a desk, by day and night, with scripts and without."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from standalone.postgres import Server
from tests.auth.remote import command
from tests.browser.looking import PHONE, WELL_MADE, Scheme, Visit, look_over
from tests.support.databases import Database, throw_away
from tests.support.processes import Running, start_auth, start_collector

STAFF = ("admin@example.com", "admin")
DATA = "".join((Path(__file__).parents[1] / "auth" / name).read_text() for name in ("watched.sql", "requests.sql"))
ROOMS = [
    "/admin/",
    "/admin/health/endpoints/",
    "/admin/health/endpoints/new/",
    "/admin/health/endpoints/1/",
    "/admin/health/endpoints/1/edit/",
    "/admin/health/endpoints/1/delete/",
    "/admin/health/checks/?endpoint_id=1&limit=20",
    "/admin/health/metrics/",
    "/admin/health/logs/",
    "/admin/analytics/",
    "/admin/analytics/audit/",
    "/admin/health/incidents/",
    "/admin/health/incidents/new/",
    "/admin/health/maintenance/",
    "/admin/health/maintenance/new/",
    "/admin/health/alerts/",
    "/admin/health/status-page/",
    "/admin/notifications/",
    "/admin/notifications/new/",
    "/admin/notifications/1/",
    "/admin/users/",
    "/admin/audit/",
    "/admin/mailbox/",
]
TOP = "box => box.getBoundingClientRect().top"
YEAR = datetime.now(UTC).year + 1


@dataclass(frozen=True)
class Watched:
    """A house with the data of a collector."""

    auth: Running
    database: Database
    folder: Path


@pytest.fixture(scope="module")
def house(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("staff")
    with throw_away(server) as database:
        assert command(folder, "demo-data", WATCHHOUSE_DEMO="1", DATABASE_URL=database.auth_url).returncode == 0
        database.rows(DATA)
        auth = start_auth(database, folder)
        yield Watched(auth, database, folder)
        auth.stop()


@pytest.fixture
def collector(house: Watched) -> Iterator[Running]:
    """A collector that leaves alone what was made up."""
    house.database.rows("UPDATE endpoints SET is_enabled = false WHERE name IN ('Shop', 'Quiet')")
    running = start_collector(house.database, house.folder, AUTH_URL=house.auth.url)
    yield running
    running.stop()


@pytest.fixture
def visit(chromium: Browser, house: Watched) -> Iterator[Visit]:
    found = Visit(chromium, house.auth.url)
    yield found
    found.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", PHONE)])
def test_every_room_fits_can_be_read_and_names_all_it_has(visit: Visit, scheme: Scheme, width: int) -> None:
    page = visit.open("/admin/login/", scheme=scheme, width=width)
    visit.sign_in(page, *STAFF)
    for path in ROOMS:
        page.goto(path)
        assert (path, look_over(page)) == (path, WELL_MADE)
    assert visit.faults == []


def test_metrics_are_drawn_beside_their_figures(visit: Visit) -> None:
    page = visit.open("/admin/login/")
    visit.sign_in(page, *STAFF)
    page.goto("/admin/health/metrics/?host=alpha")
    charts = page.locator(".chart")
    expect(page.locator(".chart canvas")).to_have_count(charts.count())
    expect(page.get_by_role("region", name="Host alpha: Use").get_by_role("row")).to_have_count(4)
    assert charts.count() >= 12
    assert visit.faults == []


def test_analytics_are_drawn_and_stay_as_they_are_read_while_they_are_refreshed(visit: Visit, house: Watched) -> None:
    page = visit.open("/admin/login/", width=PHONE)
    visit.sign_in(page, *STAFF)
    page.clock.install()
    page.goto("/admin/analytics/")
    expect(page.locator(".chart canvas")).to_have_count(2)
    expect(page.get_by_label("From (UTC)")).to_be_hidden()
    page.locator("#all-routes-summary, #steps-summary").first.click()
    page.get_by_label("More percentiles").fill("99.9")
    heat = page.get_by_role("region", name="Latency over time", exact=True)
    heat.focus()
    heat.evaluate("box => { box.scrollLeft = 40; box.isTheSame = true; }")
    place = heat.evaluate(TOP)
    house.database.rows("UPDATE request_minutes SET counts = counts || 7, bins = bins || sketch_bin(9000)")
    house.database.rows("INSERT INTO journal_states VALUES ('gamma', now(), 600, 0, 0, 0, NULL)")
    with page.expect_response("**/admin/analytics/"):
        page.clock.fast_forward(60_500)
    expect(page.locator("#refreshed")).to_contain_text("Looked at")
    expect(page.locator(".chart canvas")).to_have_count(2)
    expect(page.locator("#steps")).to_have_attribute("open", "")
    expect(page.get_by_label("More percentiles")).to_have_value("99.9")
    assert heat.evaluate("box => [box.isTheSame, box.scrollLeft, box === document.activeElement]") == [None, 40, True]
    assert heat.evaluate(TOP) == pytest.approx(place, abs=1), "what grew above does not push it down"
    assert visit.faults == []


def test_only_what_belongs_to_the_choice_is_asked(visit: Visit) -> None:
    page = visit.open("/admin/login/")
    visit.sign_in(page, *STAFF)
    page.goto("/admin/health/maintenance/new/")
    expect(page.get_by_label("Sunday", exact=True)).to_be_hidden()
    expect(page.get_by_label("Until")).to_be_hidden()
    page.get_by_label("Repeats").select_option("weekly")
    expect(page.get_by_label("Sunday", exact=True)).to_be_visible()
    expect(page.get_by_label("Until")).to_be_visible()
    expect(page.get_by_label("On day of the month")).to_be_hidden()
    assert visit.faults == []


@pytest.mark.parametrize(
    ("has_scripts", "width"), [(True, 1280), (False, PHONE)], ids=["desk", "phone without scripts"]
)
def test_staff_does_its_work(
    chromium: Browser, house: Watched, collector: Running, has_scripts: bool, width: int
) -> None:
    context = chromium.new_context(
        base_url=house.auth.url, java_script_enabled=has_scripts, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    name = f"Docs {width}"
    _sign_in(page)
    _add_endpoint(page, name)
    _check_now(page, has_scripts)
    _open_incident(page, name)
    _plan_maintenance(page, name)
    _change_look(page, name)
    page.goto("/admin/audit/")
    for action in ("endpoint.created", "incident.created", "incident.update_written", "maintenance.created"):
        expect(page.get_by_role("row").filter(has_text=STAFF[0]).filter(has_text=action).first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="status_page.changed").first).to_be_visible()
    context.close()
    assert "request_failed" not in house.auth.output()


def _sign_in(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_label("E-mail").fill(STAFF[0])
    page.get_by_label("Password").fill(STAFF[1])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Staff pages")).to_be_visible()


def _add_endpoint(page: Page, name: str) -> None:
    """The first try has a fault, which is said beside its field."""
    page.goto("/admin/health/endpoints/")
    page.get_by_role("link", name="Add an endpoint").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Address").fill("http://127.1/")
    page.get_by_label("Assertion 1", exact=True).select_option(label="Body contains")
    page.get_by_label("Value of assertion 1").fill("swagger")
    page.get_by_role("button", name="Add the endpoint").click()
    expect(page.get_by_label("Address")).to_have_accessible_description(re.compile("its address is loopback"))
    page.get_by_label("Address").fill("/docs")
    page.get_by_role("button", name="Add the endpoint").click()
    expect(page.get_by_role("status").filter(has_text=f"{name} is watched from now on")).to_be_visible()


def _check_now(page: Page, has_scripts: bool) -> None:
    if has_scripts:
        page.evaluate("window.isTheSame = true")
    page.get_by_role("button", name="Check now").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.get_by_role("heading", name="Checked just now: Operational")).to_be_visible()
    expect(answer.get_by_role("row").filter(has_text="Body contains: swagger")).to_contain_text("holds")
    if has_scripts:
        assert page.evaluate("window.isTheSame")
        expect(page.get_by_role("button", name="Check now")).to_be_focused()


def _open_incident(page: Page, name: str) -> None:
    page.goto("/admin/health/incidents/new/")
    page.get_by_label("Title").fill(f"{name} is slow")
    page.get_by_label("Message").fill("We look into it.")
    page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="Open the incident").click()
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("Status").select_option(label="Resolved")
    page.get_by_label("Message").fill("All is well.")
    page.get_by_role("button", name="Write the update").click()
    expect(page.get_by_role("list").filter(has_text="We look into it.")).to_contain_text("All is well.")


def _plan_maintenance(page: Page, name: str) -> None:
    page.goto("/admin/health/maintenance/new/")
    page.get_by_label("Title").fill(f"{name} moves")
    page.get_by_label("Starts").fill(f"{YEAR}-03-01T22:00:00")
    page.get_by_label("Ends").fill(f"{YEAR}-03-01T23:00:00")
    page.get_by_label("By the clock of").fill("Europe/Berlin")
    page.get_by_label("Repeats").select_option(label="Every month, on a weekday")
    page.get_by_label("On the").select_option(label="Last")
    page.get_by_label("Weekday", exact=True).select_option(label="Friday")
    page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="Plan the maintenance").click()
    expect(page.get_by_text("FREQ=MONTHLY;BYDAY=-1FR")).to_be_visible()
    expect(page.get_by_role("region", name="Next occurrences").get_by_role("row")).to_have_count(6)


def _change_look(page: Page, name: str) -> None:
    page.goto("/admin/health/status-page/")
    page.get_by_label("Title").fill(f"{name}: how we are")
    with page.context.expect_page() as preview:
        page.get_by_role("button", name="Preview in a new window").click()
    expect(preview.value.get_by_role("heading", name=f"{name}: how we are")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("The settings are saved")
    expect(page.get_by_label("Title")).to_have_value(f"{name}: how we are")
