"""/admin/fleet/ and /admin/security/: all locks watched and their logs verified by staff, who can open none."""

import re
from typing import Any

import pytest

from auth.fleet.store import show_payload
from tests.auth.staff_pages import Desk
from tests.support.client import Api
from tests.support.locks import claim, claim_online

FLEET, SECURITY, LETTERS = "/admin/fleet/", "/admin/security/", "/admin/fleet/dead-letters/"
FACT = re.compile(r"<dt>([^<]+)</dt><dd>(?:<a [^>]+>)?([0-9,]+)")
LOCKS = re.compile(rf'<a href="{FLEET}([0-9a-f-]+)/">')


@pytest.fixture
def desk(api: Api) -> Desk:
    return Desk(api)


def say(api: Api, device: str, told: str) -> None:
    """What a collector wrote of a lock."""
    api.collect(f"UPDATE device_states SET {told} WHERE device_id = %s", device)


def as_owner(api: Api, statement: str, *values: Any) -> None:
    """What nobody may do by any process's rights."""
    api.rows("RESET ROLE")
    api.rows(statement, *values)


def following(page: str) -> str:
    found = re.search(r'rel="next" href="(\?[^"]+)"', page)
    assert found
    return found[1].replace("&amp;", "&")


def test_the_fleet_is_counted_and_narrowed_by_state(desk: Desk) -> None:
    owner = desk.api.person()
    online, silent, off = claim_online(owner), claim(owner)["id"], claim(owner)["id"]
    say(desk.api, online, "is_locked = false, is_battery_low = true, battery_level = 9")
    say(desk.api, silent, "is_jammed = true, is_online = true, last_seen_at = now() - interval '91 seconds'")
    desk.api.rows("UPDATE devices SET status = 'INACTIVE' WHERE id = %s", off)
    page = desk.see(FLEET)
    assert dict(FACT.findall(page)) == {
        "Locks": "3",
        "Online": "1",
        "Offline": "2",
        "Locked": "2",
        "Unlocked": "1",
        "Battery low": "1",
        "Jammed": "1",
        "Switched off": "1",
    }
    wanted = {"online": [online], "offline": [silent, off], "unlocked": [online], "locked": [silent, off]}
    wanted |= {"battery_low": [online], "jammed": [silent], "inactive": [off], "": [online, silent, off]}
    for state, locks in wanted.items():
        assert (state, sorted(LOCKS.findall(desk.see(f"{FLEET}?q=&state={state}")))) == (state, sorted(locks))


def test_the_fleet_is_searched_by_id_name_and_owner_and_paged(desk: Desk) -> None:
    anna, bob = desk.api.person(), desk.api.person()
    attic, barn = claim(anna, "attic_1", name="Attic")["id"], claim(bob, name="100% barn")["id"]
    assert LOCKS.findall(desk.see(f"{FLEET}?q=TTIC_")) == [attic]
    assert LOCKS.findall(desk.see(f"{FLEET}?q=100%25")) == [barn]
    assert LOCKS.findall(desk.see(f"{FLEET}?q={bob.email}")) == [barn]
    assert LOCKS.findall(desk.see(f"{FLEET}?q=_attic")) == []
    first = desk.see(f"{FLEET}?limit=1")
    pages = [LOCKS.findall(page) for page in (first, desk.see(FLEET + following(first)))]
    assert sorted(pages) == sorted([[attic], [barn]])


def test_staff_sees_a_lock_and_opens_none(desk: Desk) -> None:
    owner = desk.api.person()
    device = claim_online(owner)
    page = desk.see(f"{FLEET}{device}/")
    assert (owner.email in page, "Device claimed" in page) == (True, True)
    assert set(re.findall(r'method="post" action="([^"]+)"', page)) == {"/admin/logout/", f"{FLEET}{device}/verify/"}
    assert desk.api.one("SELECT count(*) FROM device_commands") == 0


def test_a_deleted_locks_log_stays(desk: Desk) -> None:
    owner = desk.api.person()
    device = claim(owner)["id"]
    owner.call("DELETE", f"/api/v1/devices/{device}/")
    page = desk.see(f"{FLEET}{device}/")
    assert ("It was deleted at" in page, "Device deleted" in page) == (True, True)
    assert device not in desk.see(FLEET)


@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        pytest.param(None, "Yes: 4 rows were looked at", id="none"),
        pytest.param("UPDATE device_logs SET success = NOT success WHERE position = 3", "row 3 is the", id="changed"),
        pytest.param("DELETE FROM device_logs WHERE position = 2", "row 2 is the", id="taken out"),
        pytest.param("DELETE FROM device_logs WHERE position = 4", "row 4 is the", id="cut off"),
    ],
)
def test_a_log_is_verified_and_the_first_bad_row_named(desk: Desk, tampering: str | None, words: str) -> None:
    owner = desk.api.person()
    device = claim(owner)["id"]
    for name in ("One", "Two", "Three"):
        owner.call("PATCH", f"/api/v1/devices/{device}/", {"name": name})
    if tampering:
        as_owner(desk.api, tampering)
    answer = desk.send(f"{FLEET}{device}/", f"{FLEET}{device}/verify/")
    assert (answer.status_code, words in answer.text) == (200, True)


def test_a_locks_times_are_told_with_their_zone(desk: Desk) -> None:
    lock, silent = claim_online(desk.api.person()), claim(desk.api.person())["id"]
    heard = re.compile(r"<dt>Last heard of</dt><dd>(?:<time [^>]+>[^<]+</time>)?(.*?)</dd>")
    told = [heard.findall(desk.see(f"{FLEET}{device}/")) for device in (lock, silent)]
    assert told == [[" UTC"], ['<span class="soft">never</span>']]


def test_people_are_named_in_a_log_as_long_as_they_are_known(desk: Desk) -> None:
    owner, guest = desk.api.person(), desk.api.person()
    device = claim(owner)["id"]
    owner.call("POST", f"/api/v1/devices/{device}/shares/", {"shared_with": guest.email})
    page = desk.see(f"{FLEET}{device}/")
    assert (f"Shared with {guest.email}: unlock" in page, guest.id in page) == (True, False)
    as_owner(desk.api, "DELETE FROM app_users WHERE id = %s", guest.id)
    assert guest.id in desk.see(f"{FLEET}{device}/")


def test_dead_letters_are_shown_and_never_taken_for_html(desk: Desk) -> None:
    for number, payload in enumerate((b'{"a": "<script>"}', b"\x00\xff")):
        desk.api.collect(
            "INSERT INTO dead_letters (received_at, topic, payload, payload_bytes, reason) "
            "VALUES (now(), %s, %s, 9000, 'is <b>large</b>')",
            f"smartlock/<i>{number}/events",
            payload,
        )
    first = desk.see(LETTERS + "?limit=1")
    second = desk.see(LETTERS + following(first))
    assert ("<pre>00 ff</pre>" in first, "The rest was not kept" in first) == (True, True)
    assert "<pre>{&#34;a&#34;: &#34;&lt;script&gt;&#34;}</pre>" in second
    assert [word for word in ("<script>", "<b>", "<i>") if word in first + second] == []


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b"", ("", True)),
        ("ü\n\t{}".encode(), ("ü\n\t{}", True)),
        (b"a\x1b[31m", ("61 1b 5b 33 31 6d", False)),
        ("\u202etxt".encode(), ("e2 80 ae 74 78 74", False)),
        (b"\xff", ("ff", False)),
    ],
)
def test_a_payload_is_text_where_all_of_it_can_be_seen(payload: bytes, shown: tuple[str, bool]) -> None:
    assert show_payload(payload) == shown


def test_staff_takes_note_of_any_security_alert(desk: Desk) -> None:
    device = claim(desk.api.person())["id"]
    for rule, of in (("tamper", device), ("login_brute_force", None), ("cpu", None)):
        desk.api.collect(
            "INSERT INTO alerts (rule, subject, device_id, severity, message) VALUES (%s, %s, %s, 'critical', 'Ouch.')",
            rule,
            of or "account:1",
            of,
        )
    page = desk.see(SECURITY)
    assert [word in page for word in ("Tampering</strong>", "Passwords are being guessed</strong>", "cpu")] == [
        True,
        True,
        False,
    ]
    assert "Tampering</strong>" not in desk.see(f"{SECURITY}?kind=login_brute_force&status=open")
    places = re.findall(rf'action="({SECURITY}alerts/[0-9]+/acknowledge/)"', page)
    assert len(places) == 2
    for place in places:
        desk.change(SECURITY, place)
        desk.change(SECURITY, place.replace("acknowledge", "resolve"))
    assert "No such alert." in desk.see(f"{SECURITY}?status=open&kind=")
    assert desk.api.one("SELECT count(*) FROM alerts WHERE resolved_by = %s", desk.person.id) == 2


def test_an_alert_of_a_lock_leads_to_it(desk: Desk) -> None:
    device = claim(desk.api.person())["id"]
    desk.api.collect(
        "INSERT INTO alerts (rule, subject, device_id, severity, message) VALUES ('jam', 'd', %s, 'warning', 'Stuck.')",
        device,
    )
    assert f'<a href="{FLEET}{device}/">Stuck.</a>' in desk.see("/admin/health/alerts/")


def test_refused_codes_are_listed(desk: Desk) -> None:
    claimed = claim(desk.api.person())
    key = {"Authorization": f"Bearer {claimed['credentials']['keys']['api_key']}"}
    assert "None: no code was refused." in desk.see(f"{SECURITY}attempts/")
    desk.api.call("POST", "/api/v1/access/pins/verify/", {"pin": "4711"}, key)
    page = desk.see(f"{SECURITY}attempts/")
    assert (claimed["device_id"] in page, "4711" in page) == (True, False)
