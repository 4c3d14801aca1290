"""The pages as people see them: whole, readable by day and night, on a desk and on a phone."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.looking import PHONE, Scheme, Visit, overflow, poor_contrasts
from tests.support.waiting import wait_for

STAFF = ("admin@example.com", "admin")
OPEN_PAGES = ["/", "/docs", "/admin/login/"]
STAFF_PAGES = ["/admin/", "/admin/mailbox/"]
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_it_loads_without_a_fault(visit: Visit, path: str) -> None:
    page = visit.open(path)
    expect(page.get_by_role("banner")).to_be_visible()
    expect(page.locator("#content")).to_be_visible()
    assert visit.faults == []


@pytest.mark.parametrize("path", [*OPEN_PAGES, "/no/such/page"])
def test_it_fits_on_a_phone(visit: Visit, path: str) -> None:
    assert overflow(visit.open(path, width=PHONE)) == 0


@SCHEMES
@pytest.mark.parametrize("path", [*OPEN_PAGES, "/no/such/page"])
def test_it_can_be_read(visit: Visit, path: str, scheme: Scheme) -> None:
    assert poor_contrasts(visit.open(path, scheme=scheme)) == []


@SCHEMES
@pytest.mark.parametrize("path", STAFF_PAGES)
def test_staff_pages_load_fit_and_can_be_read(visit: Visit, path: str, scheme: Scheme) -> None:
    page = visit.open("/", scheme=scheme, width=PHONE)
    visit.sign_in(page, *STAFF)
    visit.go(page, path)
    signed_in = page.locator("form").filter(has=page.get_by_role("button", name="Sign out"))
    expect(signed_in.get_by_text("admin@example.com", exact=True)).to_be_visible()
    assert (poor_contrasts(page), overflow(page), visit.faults) == ([], 0, [])


def test_the_first_page_leads_everywhere(visit: Visit) -> None:
    page = visit.open("/")
    links = {link.get_attribute("href") for link in page.get_by_role("link").all()}
    assert links >= {
        "/docs",
        "/openapi.json",
        "/health/",
        "/livez",
        "/readyz",
        "/metrics",
        "/admin/",
        "/admin/mailbox/",
    }


def test_the_description_shows_the_calls(visit: Visit) -> None:
    page = visit.open("/docs")
    paths = page.locator(".opblock-summary-path")
    found: set[str] = set()

    def look_further() -> bool:
        """Calls are drawn when somebody scrolls to them."""
        found.update(paths.evaluate_all("all => all.map(one => one.dataset.path)"))
        page.mouse.wheel(0, 400)
        return found >= {"/register", "/login", "/verify", "/api/v1/auth/me/", "/actions/create"}

    assert wait_for(look_further, what="all calls")


def test_the_description_is_dark_on_white_at_night_too(visit: Visit) -> None:
    page = visit.open("/docs", scheme="dark")
    expect(page.locator("#description")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator("#description")).to_have_css("color", "rgb(28, 34, 39)")
    assert visit.faults == []


def test_a_missing_page_is_a_page(visit: Visit) -> None:
    page = visit.open("/no/such/page")
    expect(page.get_by_role("heading", name="404")).to_be_visible()
    page.get_by_role("link", name="first page").click()
    expect(page.get_by_role("heading", name="lending house")).to_be_visible()
    assert urlsplit(page.url).path == "/"


def test_staff_signs_in_and_out(visit: Visit) -> None:
    page = visit.open("/admin/")
    assert page.url.endswith("/admin/login/")
    visit.sign_in(page, *STAFF)
    expect(page.get_by_role("heading", name="Staff pages")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Staff sign-in")).to_be_visible()
    visit.go(page, "/admin/")
    expect(page.get_by_role("heading", name="Staff sign-in")).to_be_visible()


def test_a_wrong_password_is_told_and_the_email_stays(visit: Visit) -> None:
    page = visit.open("/admin/login/")
    visit.sign_in(page, "user@example.com", "something else")
    expect(page.get_by_role("alert")).to_have_text("Invalid email or password")
    expect(page.get_by_label("E-mail")).to_have_value("user@example.com")
    assert urlsplit(page.url).path == "/admin/login/"


def test_who_is_no_staff_is_told_so(visit: Visit) -> None:
    page = visit.open("/admin/login/")
    visit.sign_in(page, "user@example.com", "user")
    expect(page.get_by_role("alert")).to_have_text("These pages are for staff only")
    assert urlsplit(page.url).path == "/admin/login/"


def test_the_mailbox_shows_a_mail(visit: Visit) -> None:
    page = visit.open("/")
    answer = page.request.post("/api/v1/auth/password/forgot/", data={"email": "user@example.com"})
    assert answer.status == 202
    visit.sign_in(page, *STAFF)
    page.get_by_role("navigation", name="Staff pages").get_by_role("link", name="Mailbox").click()
    expect(page.get_by_role("heading", name="Choose a new password").first).to_be_visible()


def test_the_keyboard_reaches_the_content_first(visit: Visit) -> None:
    page = visit.open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    assert page.evaluate("document.activeElement.hash") == "#content"
