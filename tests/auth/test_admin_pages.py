"""/admin/: staff signs in by cookie, and no form but ours is taken."""

import re
from http.cookies import SimpleCookie
from typing import Any

import pytest

from tests.support.client import PASSWORD, Api, Person

LOGIN, LOGOUT, HTML = "/admin/login/", "/admin/logout/", {"Accept": "text/html"}


@pytest.fixture
def browser(api: Api) -> Api:
    """The API as a browser without cookies sees it."""
    api.client.delete_cookie("watchhouse")
    return api


def csrf_token(api: Api, path: str = LOGIN) -> str:
    """The token in a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', api.client.get(path).text)
    assert found
    return found[1]


def submit(api: Api, path: str, headers: dict[str, str] | None = None, **fields: str) -> Any:
    """The answer to a form."""
    return api.client.post(path, data=fields, headers={**HTML, **(headers or {})})


def sign_in(api: Api, person: Person, password: str = PASSWORD) -> Any:
    """The answer to the form of the sign-in page, filled in."""
    return submit(api, LOGIN, username=person.email, password=password, csrf_token=csrf_token(api))


def is_inside(api: Api) -> bool:
    """Whether the browser sees staff's page, rather than being sent to sign in."""
    answer = api.client.get("/admin/")
    assert answer.status_code in {200, 303}
    return bool(answer.status_code == 200)


@pytest.mark.parametrize("path", ["/admin/", "/admin/mailbox/"])
def test_it_sends_strangers_to_the_form(browser: Api, path: str) -> None:
    answer = browser.client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, LOGIN)


@pytest.mark.parametrize("who", ["admin", "staff"])
def test_it_lets_staff_in(browser: Api, who: str) -> None:
    person: Person = getattr(browser, who)()
    answer = sign_in(browser, person)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/")
    assert person.email in browser.client.get("/admin/").text


def test_the_form_sends_on_who_is_signed_in(browser: Api) -> None:
    sign_in(browser, browser.staff())
    assert browser.client.get(LOGIN).headers["Location"] == "/admin/"


def test_it_refuses_who_is_no_staff(browser: Api) -> None:
    answer = sign_in(browser, browser.person(role="librarian"))
    assert (answer.status_code, "for staff only" in answer.text) == (403, True)
    assert not is_inside(browser)


def test_it_refuses_a_wrong_password_in_words_and_keeps_the_email(browser: Api) -> None:
    person = browser.staff()
    answer = sign_in(browser, person, "something else")
    assert answer.status_code == 401
    assert "Invalid email or password" in answer.text
    assert f'value="{person.email}"' in answer.text
    assert "something else" not in answer.text


def test_it_escapes_what_was_typed(browser: Api) -> None:
    typed = '"><script>alert(1)</script>'
    answer = submit(browser, LOGIN, username=typed, password="x", csrf_token=csrf_token(browser))
    assert answer.status_code == 401
    assert "<script>alert" not in answer.text


def test_guesses_are_slowed_here_too(browser: Api) -> None:
    person = browser.staff()
    token = csrf_token(browser)
    answers = [
        submit(browser, LOGIN, username=person.email, password="guess", csrf_token=token) for _ in range(11)
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert answers[-1].headers["Retry-After"] == "20"


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        pytest.param({"csrf_token": ""}, {}, 403, id="empty token"),
        pytest.param({"csrf_token": "x" * 32}, {}, 403, id="wrong token"),
        pytest.param({"csrf_token": "\xff\xfe"}, {}, 403, id="odd token"),
        pytest.param({}, {}, 422, id="no token"),
        pytest.param(None, {"Origin": "https://evil.example"}, 403, id="other origin"),
        pytest.param(None, {"Origin": "http://localhost.evil.example"}, 403, id="origin that begins like ours"),
        pytest.param(None, {"Origin": "http://localhost:81"}, 403, id="other port"),
        pytest.param(None, {"Origin": "http://localhost"}, 303, id="our origin"),
    ],
)
def test_it_takes_only_our_own_form(
    browser: Api, fields: dict[str, str] | None, headers: dict[str, str], status: int
) -> None:
    person = browser.staff()
    sent = {"csrf_token": csrf_token(browser)} if fields is None else fields
    answer = submit(browser, LOGIN, headers, username=person.email, password=PASSWORD, **sent)
    assert answer.status_code == status
    assert is_inside(browser) == (status == 303)


def test_a_token_of_another_browser_is_wrong(browser: Api) -> None:
    person = browser.staff()
    token = csrf_token(browser)
    browser.client.delete_cookie("watchhouse")
    csrf_token(browser)
    answer = submit(browser, LOGIN, username=person.email, password=PASSWORD, csrf_token=token)
    assert answer.status_code == 403


def test_the_token_is_another_one_after_signing_in(browser: Api) -> None:
    before = csrf_token(browser)
    sign_in(browser, browser.staff())
    assert csrf_token(browser, "/admin/") != before


def test_the_cookie_is_for_our_pages_only(browser: Api) -> None:
    answer = sign_in(browser, browser.staff())
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["watchhouse"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


def test_the_cookie_is_no_token(browser: Api) -> None:
    sign_in(browser, browser.staff())
    cookie = browser.client.get_cookie("watchhouse")
    assert cookie is not None
    assert browser.call("GET", "/verify", headers={"Authorization": f"Bearer {cookie.value}"}).status_code == 401
    assert browser.call("GET", "/api/v1/auth/me/").status_code == 401


def test_a_changed_cookie_is_nobody(browser: Api) -> None:
    sign_in(browser, browser.staff())
    cookie = browser.client.get_cookie("watchhouse")
    assert cookie is not None
    browser.client.set_cookie("watchhouse", cookie.value[:-2] + ("aa" if cookie.value[-2:] != "aa" else "bb"))
    assert not is_inside(browser)


def test_signing_out_ends_the_session_for_a_copy_of_the_cookie_too(browser: Api) -> None:
    sign_in(browser, browser.staff())
    cookie = browser.client.get_cookie("watchhouse")
    assert cookie is not None
    answer = submit(browser, LOGOUT, csrf_token=csrf_token(browser, "/admin/"))
    assert (answer.status_code, answer.headers["Location"]) == (303, LOGIN)
    browser.client.set_cookie("watchhouse", cookie.value)
    assert not is_inside(browser)


def test_signing_out_takes_only_our_own_form(browser: Api) -> None:
    sign_in(browser, browser.staff())
    assert submit(browser, LOGOUT, csrf_token="x" * 32).status_code == 403
    assert is_inside(browser)


@pytest.mark.parametrize("change", ["is_active = false", "is_staff = false"])
def test_whoever_is_no_staff_any_more_is_out_at_once(browser: Api, change: str) -> None:
    person = browser.staff()
    sign_in(browser, person)
    browser.rows(f"UPDATE app_users SET {change} WHERE id = %s", person.id)
    assert not is_inside(browser)


def test_the_session_ends_after_12_hours(browser: Api) -> None:
    sign_in(browser, browser.staff())
    browser.rows("UPDATE sessions SET expires_at = expires_at - interval '12 hours' WHERE kind = 'admin'")
    assert not is_inside(browser)


def test_the_mailbox_shows_mails_escaped(browser: Api) -> None:
    browser.rows(
        "INSERT INTO outbox (channel, recipient, subject, body) VALUES ('mail', 'a@b.org', '<b>Hi</b>', '<i>')"
    )
    sign_in(browser, browser.staff())
    page = browser.client.get("/admin/mailbox/")
    assert page.status_code == 200
    assert "&lt;b&gt;Hi&lt;/b&gt;" in page.text
    assert "<i>" not in page.text


def test_the_mailbox_is_not_for_a_bearer_of_a_student(browser: Api) -> None:
    assert browser.person().call("GET", "/admin/mailbox/").status_code == 303


@pytest.mark.parametrize("path", ["/", LOGIN])
def test_every_page_says_that_this_is_a_demo(browser: Api, path: str) -> None:
    assert "This is a demo" in browser.client.get(path).text
