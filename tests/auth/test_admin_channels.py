"""/admin/notifications/: where people hear of this house. A channel's address goes in and never comes out."""

import json

import psycopg2
import pytest

from tests.auth.staff_pages import Desk
from tests.support.client import Api

HERE = "/admin/notifications/"
NEW = HERE + "new/"
SECRET = "https://hooks.example/services/T0K3N"


@pytest.fixture
def desk(api: Api) -> Desk:
    return Desk(api)


def add(desk: Desk, name: str = "Ops", url: str = SECRET) -> int:
    """The id of a new channel."""
    assert f"The channel {name} is added" in desk.change(NEW, name=name, url=url)
    return int(desk.api.one("SELECT max(id) FROM channels"))


def test_an_address_is_never_shown_again(desk: Desk) -> None:
    channel = add(desk)
    for path in (HERE, f"{HERE}{channel}/", "/admin/audit/", "/admin/"):
        assert "T0K3N" not in desk.see(path)
    assert "https://hooks.example/***" in desk.see(HERE)
    assert "T0K3N" not in json.dumps(desk.audited()[2])
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        desk.api.rows("SELECT url FROM channels")


@pytest.mark.parametrize("url", ["ntfys://topic-T0K3N", "mailto://user:T0K3N@mail.example", "slack://T0K3N/B/C"])
def test_of_other_services_only_their_kind_is_shown(desk: Desk, url: str) -> None:
    channel = add(desk, url=url)
    text = desk.see(f"{HERE}{channel}/")
    assert ("T0K3N" not in text, f"{url.partition(':')[0]}://" in text) == (True, True)


def test_all_but_the_address_changes_when_it_is_left_empty(desk: Desk) -> None:
    channel = add(desk)
    desk.change(f"{HERE}{channel}/", name="Night shift", kinds=["alerts"], is_enabled=[])
    assert desk.api.rows("SELECT name, shown, kinds, is_enabled FROM channels") == [
        ("Night shift", "https://hooks.example/***", ["alerts"], False)
    ]
    assert desk.audited()[2].keys() == {"name", "kinds", "is_enabled"}


def test_another_address_is_told_in_the_log_without_it(desk: Desk) -> None:
    channel = add(desk)
    desk.change(f"{HERE}{channel}/", url="https://other.example/T0K3N")
    assert desk.api.one("SELECT shown FROM channels") == "https://other.example/***"
    assert desk.audited()[2] == {"url": ["***", "***"]}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"name": ""}, "at least 1 character", id="no name"),
        pytest.param({"name": "Ops\r\nBcc: b"}, "one line", id="a name of two lines"),
        pytest.param({"url": ""}, "is required", id="no address"),
        pytest.param({"url": "http://169.254.169.254/latest"}, "link-local", id="link-local"),
        pytest.param({"url": "https://user:pass@hooks.example/"}, "user name or password", id="password in a webhook"),
        pytest.param({"url": "not an address"}, "must be", id="no address at all"),
        pytest.param({"kinds": []}, "at least 1 item", id="hears of nothing"),
        pytest.param({"kinds": ["gossip"]}, "Input should be", id="unknown kind"),
    ],
)
def test_what_is_wrong_is_said(desk: Desk, fields: dict[str, str], reason: str) -> None:
    answer = desk.send(NEW, **{"name": "Ops", "url": SECRET, **fields})
    assert (answer.status_code, reason in answer.text) == (422, True), answer.text
    assert desk.api.one("SELECT count(*) FROM channels") == 0


def test_a_taken_name_is_a_conflict(desk: Desk) -> None:
    add(desk)
    answer = desk.send(NEW, name="Ops", url=SECRET)
    assert (answer.status_code, "is there already" in answer.text) == (409, True)


def test_it_is_switched_off_and_on(desk: Desk) -> None:
    channel = add(desk)
    switch = f"{HERE}{channel}/switch/"
    assert "is disabled" in desk.change(HERE, switch)
    assert desk.api.rows("SELECT is_enabled, name, kinds FROM channels") == [
        (False, "Ops", ["changes", "incidents", "alerts"])
    ]
    assert "is enabled" in desk.change(HERE, switch)


def test_a_test_message_is_queued_for_it_alone(desk: Desk) -> None:
    add(desk, "Other")
    channel = add(desk)
    assert "is queued" in desk.change(HERE, f"{HERE}{channel}/test/")
    assert desk.api.rows("SELECT channel_id, recipient, status FROM outbox") == [(channel, "Ops", "queued")]
    assert "1 queued" in desk.see(HERE)
    assert desk.audited()[0] == "channel.tested"


def test_it_is_deleted_with_its_messages_after_a_question(desk: Desk) -> None:
    channel = add(desk)
    desk.change(HERE, f"{HERE}{channel}/test/")
    assert "1 waiting messages" in desk.see(f"{HERE}{channel}/delete/")
    assert "is deleted" in desk.change(f"{HERE}{channel}/delete/")
    assert desk.api.one("SELECT count(*) FROM channels") == 0
    assert "No channel yet" in desk.see(HERE)
