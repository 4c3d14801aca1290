"""The library's pages in a real browser: staff's and a reader's, by day and night, and a reader without scripts."""

from playwright.sync_api import Browser, expect

from tests.browser.looking import PHONE, WELL_MADE, Scheme, Visit, look_over
from tests.support.processes import Running
from tests.support.visitor import Visitor, sign_in

READER, STAFF = ("user@example.com", "user"), ("admin@example.com", "admin")
LOOKS: tuple[tuple[Scheme, int], ...] = (("light", 1280), ("dark", PHONE))


def furnish(staff: Visitor, title: str, copies: int) -> int:
    """A book with some copies."""
    body = {"title": title, "author": "A. Writer", "category": "Novels", "copies_total": copies}
    key: int = staff.call("POST", "/api/v1/books/", body).json()["data"]["id"]
    return key


def test_every_page_of_the_library_fits_can_be_read_and_names_all_it_has(visit: Visit, demo: Running) -> None:
    staff, reader = sign_in(demo.url, *STAFF), sign_in(demo.url, *READER)
    awaited, lent = furnish(staff, "Awaited", 1), furnish(staff, "Lent", 2)
    for person, book in ((reader, awaited), (staff, lent)):
        assert person.call("POST", f"/api/v1/books/{book}/borrow/").status_code == 201
    assert staff.call("POST", f"/api/v1/books/{awaited}/reserve/").status_code == 201
    page = visit.open("/admin/login/")
    visit.sign_in(page, *STAFF)
    staffs = ("/admin/library/", f"/admin/library/books/{lent}/", "/admin/library/loans/")
    for path in ("/home/loans/", "/home/books/?q=awaited", *staffs):
        page.goto(path)
        for scheme, width in LOOKS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            assert (path, scheme, look_over(page)) == (path, scheme, WELL_MADE)
    assert visit.faults == []


def test_a_reader_borrows_and_returns_on_a_phone_without_scripts(chromium: Browser, demo: Running) -> None:
    furnish(sign_in(demo.url, *STAFF), "Quixotry for beginners", 1)
    context = chromium.new_context(
        base_url=demo.url, java_script_enabled=False, viewport={"width": PHONE, "height": 800}
    )
    page = context.new_page()
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="My loans").click()
    page.get_by_label("E-mail").fill(READER[0])
    page.get_by_label("Password").fill(READER[1])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Your pages").get_by_role("link", name="Books").click()
    page.get_by_label("Title, author or ISBN").fill("quix begin")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Borrow Quixotry for beginners").click()
    expect(page.get_by_role("status")).to_contain_text("Quixotry for beginners is yours until")
    page.get_by_role("button", name="Renew Quixotry for beginners").click()
    expect(page.get_by_role("status")).to_contain_text("is yours until")
    page.get_by_role("button", name="Give back Quixotry for beginners").click()
    expect(page.get_by_role("status")).to_have_text("Quixotry for beginners is given back.")
    expect(page.get_by_role("row").filter(has_text="Quixotry for beginners")).to_be_visible()
    context.close()
    assert "request_failed" not in demo.output()
