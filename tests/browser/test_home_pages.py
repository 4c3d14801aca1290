"""The pages of locks in a real browser: people's own and staff's, by day and night, with scripts and without."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from standalone.postgres import Server
from tests.auth.home_pages import ANSWER, place_of
from tests.auth.remote import command
from tests.browser.looking import PHONE, WELL_MADE, Scheme, Visit, look_over
from tests.support.databases import Database, throw_away
from tests.support.processes import Running, start_auth
from tests.support.visitor import Visitor, sign_in

OWNER, STAFF = ("user@example.com", "user"), ("admin@example.com", "admin")
DEVICES, PINS = "/api/v1/devices/", "/api/v1/access/pins/"
SECRET, DIGITS = re.compile(r"[A-Za-z0-9_-]{43}"), re.compile("[0-9]{6}")
LOOKS: tuple[tuple[Scheme, int], ...] = (("light", 1280), ("dark", PHONE))
# What a collector would have written of what locks said.
HEARD = """
UPDATE device_states SET is_online = true, last_seen_at = now() + interval '1 hour', battery_level = 17, rssi = -61,
    is_battery_low = true, firmware_version = '2.4.1' WHERE device_id = %s
"""
ALERTS = """
INSERT INTO alerts (rule, subject, device_id, severity, message, acknowledged_at) VALUES
    ('tamper', 'device:1', %s, 'critical', 'Front door reports tampering.', NULL),
    ('low_battery', 'device:1', %s, 'warning', 'The battery of Front door is at 17 percent.', now()),
    ('login_brute_force', 'account:0a1b', NULL, 'critical', 'Somebody guesses at the password of account 0a1b.', NULL)
"""
LETTERS = """
INSERT INTO dead_letters (received_at, topic, payload, payload_bytes, reason) VALUES
    (now(), 'smartlock/front-door/events', '{"v": 1, "type": "<script>alert(1)</script>"}', 44, 'unknown type'),
    (now(), 'smartlock/front-door/state', '\\x00ff10'::bytea, 900000, 'is larger than 4 KiB')
"""


@dataclass(frozen=True)
class LockHouse:
    """A house with locks in it: one of the owner's that has all there is, and one that was never heard of."""

    auth: Running
    database: Database
    door: str

    @property
    def pages(self) -> list[str]:
        """Every page of the owner's."""
        door = place_of(self.door)
        ways = ("", "log/", "shares/", "pins/", "qr/", "alerts/", "settings/", "rotate/", "transfer/", "delete/")
        share = self.database.one("SELECT min(id::text) FROM device_shares")
        pin = self.database.one("SELECT min(id) FROM access_pins")
        rest = (f"shares/{share}/", f"shares/{share}/remove/", f"pins/{pin}/delete/")
        return ["/home/", "/home/claim/", *(door + way for way in (*ways, *rest))]

    @property
    def staffs(self) -> list[str]:
        """Every page of staff's that is about locks."""
        fleet, security = "/admin/fleet/", "/admin/security/"
        return [fleet, f"{fleet}{self.door}/", f"{fleet}dead-letters/", security, f"{security}attempts/"]


@pytest.fixture(scope="module")
def house(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockHouse]:
    folder = tmp_path_factory.mktemp("locks")
    with throw_away(server) as database:
        assert command(folder, "demo-data", WATCHHOUSE_DEMO="1", DATABASE_URL=database.auth_url).returncode == 0
        auth = start_auth(database, folder)
        door = _furnish(sign_in(auth.url, *OWNER), database)
        yield LockHouse(auth, database, door)
        auth.stop()


def _furnish(owner: Visitor, database: Database) -> str:
    made = owner.call("POST", DEVICES, {"device_id": "front-door", "name": "Front door", "timezone": "Europe/Berlin"})
    door: str = made.json()["data"]["id"]
    owner.call("POST", DEVICES, {"device_id": "cellar", "name": "Cellar"})
    owner.call("POST", f"{DEVICES}{door}/shares/", {"shared_with": STAFF[0], "can_lock": False})
    schedule = [{"days": ["mon", "fri"], "from": "08:00", "to": "17:30"}]
    owner.call("POST", PINS, {"device_id": door, "name": "Cleaner", "schedule": schedule, "max_uses": 5})
    owner.call("POST", f"{DEVICES}{door}/unlock/")
    database.rows(HEARD, door)
    database.rows(ALERTS, door, door)
    database.rows(LETTERS)
    database.rows(ANSWER.format(status="acknowledged", reason="NULL"))
    return door


@pytest.fixture
def visit(chromium: Browser, house: LockHouse) -> Iterator[Visit]:
    found = Visit(chromium, house.auth.url)
    yield found
    found.close()


def test_every_page_fits_can_be_read_and_names_all_it_has(visit: Visit, house: LockHouse) -> None:
    for entrance, person, paths in (("/home/login/", OWNER, house.pages), ("/admin/login/", STAFF, house.staffs)):
        page = visit.open(entrance)
        visit.sign_in(page, *person, entrance=entrance)
        for path in paths:
            page.goto(path)
            for scheme, width in LOOKS:
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 800})
                assert (path, scheme, look_over(page)) == (path, scheme, WELL_MADE)
    assert visit.faults == []


def test_an_owner_does_their_work_on_a_phone_without_scripts(chromium: Browser, house: LockHouse) -> None:
    context = chromium.new_context(
        base_url=house.auth.url, java_script_enabled=False, viewport={"width": PHONE, "height": 800}
    )
    page = context.new_page()
    _sign_in(page)
    _claim(page, "Garage")
    _open(page)
    _read_the_log(page)
    _add_pin(page, "Garage")
    _delete(page, "Garage")
    context.close()
    assert "request_failed" not in house.auth.output()


def _sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="My locks").click()
    page.get_by_label("E-mail").fill(OWNER[0])
    page.get_by_label("Password").fill(OWNER[1])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="My locks")).to_be_visible()


def _claim(page: Page, name: str) -> None:
    """The first try has a fault, which is said beside its field."""
    page.get_by_role("main").get_by_role("link", name="Claim a lock").last.click()
    page.get_by_label("Its device id").fill("not an id")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Claim it").click()
    expect(page.get_by_label("Its device id")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Its device id").fill(name.lower().replace(" ", "-"))
    page.get_by_role("button", name="Claim it").click()
    expect(page.get_by_text("This is shown once.")).to_be_visible()
    expect(page.get_by_label("Password")).to_have_text(SECRET)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Not heard from yet")).to_be_visible()
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("alert")).to_have_text("Nothing was done: Device is offline.")


def _open(page: Page) -> None:
    """By keyboard alone."""
    page.get_by_role("link", name="My locks").last.click()
    page.get_by_role("link", name="Front door").click()
    page.get_by_role("button", name="Unlock").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="The lock says that it is unlocked.")).to_be_visible()


def _read_the_log(page: Page) -> None:
    """When, what and who are seen without scrolling."""
    page.get_by_role("link", name="The whole log").click()
    for head in ("At (Europe/Berlin)", "What", "Who"):
        expect(page.get_by_role("columnheader", name=head)).to_be_in_viewport(ratio=1)


def _add_pin(page: Page, name: str) -> None:
    page.get_by_role("link", name="PINs", exact=True).click()
    page.get_by_label("Name").fill(name)
    page.get_by_text("Only on some days, at some hours").click()
    page.get_by_label("Sunday").check()
    page.get_by_role("button", name="Add the PIN").click()
    expect(page.locator("#pin")).to_have_text(DIGITS)
    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("Sun 00:00 to 24:00")


def _delete(page: Page, name: str) -> None:
    page.get_by_role("link", name="My locks").last.click()
    page.get_by_role("link", name=name).click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Delete it").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("status")).to_contain_text(f"{name} is deleted.")


def test_codes_and_states_renew_themselves_and_a_button_is_pressed_once(visit: Visit, house: LockHouse) -> None:
    page = visit.open("/home/login/", width=PHONE)
    visit.sign_in(page, *OWNER, entrance="/home/login/")
    page.clock.install()
    page.goto(place_of(house.door) + "qr/")
    picture = page.locator("#qr svg")
    before = picture.inner_html()
    page.clock.fast_forward(25_500)
    expect(page.locator("#refreshed")).to_contain_text("Looked at")
    assert picture.inner_html() != before
    page.goto(place_of(house.door))
    expect(page.locator("#headline")).to_contain_text("Locked")
    house.database.rows("UPDATE device_states SET is_locked = false")
    page.clock.fast_forward(5_500)
    expect(page.locator("#headline")).to_contain_text("Unlocked")
    expect(page.locator("#announcement")).to_contain_text("Unlocked")
    page.get_by_role("button", name="Restart").dblclick()
    expect(page.get_by_role("status").filter(has_text="It restarts.")).to_be_visible()
    assert house.database.one("SELECT count(*) FROM device_commands WHERE command = 'REBOOT'") == 1
    assert visit.faults == []
