"""The status page as people see it: on a phone and a desk, by day and night, without scripts, and while it changes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from standalone.postgres import Server
from tests.auth.status_rows import PAGE, add_incident, add_interval, add_plan, add_service
from tests.browser.looking import PHONE, Scheme, Visit, overflow, poor_contrasts
from tests.support.databases import Database, throw_away
from tests.support.processes import Running, start_auth

GARISH = "primary_color = '#ffee00', success_color = '#aaffaa', warning_color = '#ffffff', danger_color = '#000000'"
USUAL = "primary_color = DEFAULT, success_color = DEFAULT, warning_color = DEFAULT, danger_color = DEFAULT"
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
HIDE, SHOW = (
    f"Object.defineProperty(document, 'hidden', {{get: () => {value}, configurable: true}})"
    for value in ("true", "false")
)


@dataclass(frozen=True)
class Watched:
    """A house that watches a few services, one of them with a bad past."""

    auth: Running
    database: Database
    folder: Path
    shop: int

    def now(self, change: str) -> None:
        """Change something, and let the next reader see it at once."""
        self.database.rows(change)
        (self.folder / "data" / "status" / "snapshot").unlink(missing_ok=True)

    def shop_is(self, state: str) -> None:
        """How the shop stands from now on."""
        self.now(f"UPDATE endpoint_states SET state = '{state}' WHERE endpoint_id = {self.shop}")


@pytest.fixture(scope="module")
def house(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    with throw_away(server) as database:
        shop = add_service(database, "A shop with a name so long that it needs a second line", group_name="Shops")
        for number, state in enumerate(("operational", "degraded", "major_outage", "unknown")):
            days = ("odpmwu" * 15)[number:] + "o" * number
            made = add_service(database, state=state, days=days, uptime=97.123, coverage=40)
            add_interval(database, made, "operational", "2 days", None)
        add_incident(database, "Mail is slow", (shop,), started="1 hour")
        add_incident(database, "Mail was away", started="3 days", resolved="2 days")
        add_plan(database, "New disks", starts="1 day", description="Two of them.")
        database.rows(
            "INSERT INTO host_metrics SELECT 'h', now() - ago * interval '10 minutes', 6, 20, 1, 50, 1, 1, 1, 1, 1 "
            "FROM generate_series(0, 100) ago"
        )
        auth = start_auth(database, folder)
        yield Watched(auth, database, folder, shop)
        auth.stop()


@pytest.fixture
def visit(chromium: Browser, house: Watched) -> Iterator[Visit]:
    found = Visit(chromium, house.auth.url)
    yield found
    found.close()


@pytest.mark.parametrize("colors", [USUAL, GARISH], ids=["usual", "garish"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", PHONE)])
def test_it_fits_and_can_be_read(visit: Visit, house: Watched, scheme: Scheme, width: int, colors: str) -> None:
    house.now(f"UPDATE status_page SET {colors}")
    page = visit.open(PAGE, scheme=scheme, width=width)
    page.locator("#hours-summary").click()
    expect(page.locator(".graph canvas")).to_have_count(2)
    expect(page.get_by_role("img", name="Response time: no data in the last 24 hours")).to_be_visible()
    assert (poor_contrasts(page), overflow(page), visit.faults) == ([], 0, [])


def test_it_has_landmarks_headings_in_order_and_names_for_every_picture(visit: Visit) -> None:
    page = visit.open(PAGE)
    levels = [
        int(level) for level in page.locator(":is(h1, h2, h3, h4)").evaluate_all("all => all.map(h => h.tagName[1])")
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    pictures = page.locator("main svg:not([aria-hidden=true]), main [role=img]")
    assert pictures.count() >= 9
    assert [one for one in pictures.all() if not one.get_attribute("aria-label")] == []
    assert "days" in (pictures.first.get_attribute("aria-label") or "")


def test_it_is_whole_without_scripts(chromium: Browser, house: Watched) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": PHONE, "height": 800})
    page = context.new_page()
    page.goto(house.auth.url + PAGE)
    expect(page.get_by_role("heading", name="Partial Outage", exact=True)).to_be_visible()
    expect(page.get_by_text("Mail is slow")).to_be_visible()
    expect(page.get_by_text("Memory over 24 hours: 50 % on average")).to_be_visible()
    page.locator("#hours-summary").click()
    expect(page.locator("#hours-table")).to_be_visible()
    expect(page.get_by_role("link", name="Look again")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert overflow(page) == 0
    context.close()


def test_it_changes_in_place_and_keeps_focus_and_place(visit: Visit, house: Watched) -> None:
    page = visit.open(PAGE)
    summary = page.locator("#hours-summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#hours-table")).to_be_visible()
    place = page.evaluate("scrollY")
    house.shop_is("major_outage")
    house.now("INSERT INTO host_metrics SELECT 'other', now(), 6, 90, 1, 50, 1, 1, 1, 1, 1")
    page.evaluate("document.getElementById('past').isTheSame = true")
    page.evaluate(LOOK_AGAIN)
    expect(page.get_by_role("listitem").filter(has_text="A shop")).to_contain_text("Major outage")
    expect(page.locator(".graph canvas")).to_have_count(2)
    expect(summary).to_be_focused()
    expect(page.locator("#hours-table")).to_be_visible()
    assert (page.evaluate("scrollY"), visit.faults) == (place, [])
    assert page.evaluate("document.getElementById('past').isTheSame"), "what has not changed is left alone"
    house.now("UPDATE endpoint_states SET state = 'operational'")
    page.evaluate(LOOK_AGAIN)
    expect(page.locator("#announcement")).to_have_text("All Systems Operational")
    expect(page).to_have_title("All Systems Operational · Watchhouse")
    house.now("UPDATE endpoint_states SET state = 'major_outage' WHERE endpoint_id = (SELECT max(id) FROM endpoints)")
    house.now("DELETE FROM host_metrics WHERE host = 'other'")


def asked(page: Page) -> list[str]:
    """The pages that a window asks for from now on."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if request.url.endswith(PAGE) else None)
    return found


@pytest.fixture
def timed(visit: Visit) -> Callable[[], Page]:
    """The page in a window whose time the test makes."""

    def timed() -> Page:
        page = visit.open("/")
        page.clock.install()
        visit.go(page, PAGE)
        return page

    return timed


def test_it_looks_again_by_itself_and_says_when_it_cannot(timed: Callable[[], Page]) -> None:
    page = timed()
    requests = asked(page)
    for times in (1, 2):
        with page.expect_response(f"**{PAGE}"):
            page.clock.fast_forward(30_500)
        expect(page.locator("#refreshed")).to_contain_text("Looked at")
        assert len(requests) == times
    page.route(f"**{PAGE}", lambda route: route.fulfill(status=503, body="away"))
    page.clock.fast_forward(30_500)
    expect(page.locator("#refreshed")).to_contain_text("could not be read")
    expect(page.locator("#headline")).to_be_visible()


def test_it_rests_while_it_is_hidden_or_paused(timed: Callable[[], Page]) -> None:
    page = timed()
    requests = asked(page)
    page.evaluate(HIDE)
    page.evaluate(LOOK_AGAIN)
    page.clock.fast_forward(120_000)
    assert requests == []
    page.get_by_role("button", name="Pause updates").press("Enter")
    with page.expect_response(f"**{PAGE}"):
        page.get_by_role("button", name="Resume updates").press("Enter")
    expect(page.locator("#refreshed")).to_contain_text("Looked at")
    page.clock.fast_forward(120_000)
    assert len(requests) == 1, "it was hidden when the answer came"
    page.evaluate(SHOW)
    with page.expect_response(f"**{PAGE}"):
        page.evaluate(LOOK_AGAIN)
    page.get_by_role("button", name="Pause updates").press("Enter")
    page.clock.fast_forward(120_000)
    assert len(requests) == 2


def test_a_bar_names_its_day(visit: Visit) -> None:
    page = visit.open(PAGE)
    page.get_by_role("img", name="no outages").first.hover()
    expect(page.locator(".tip")).to_contain_text(": no outage")
    assert visit.faults == []
