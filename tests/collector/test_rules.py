"""The collector's pure rules: when to try again, what becomes of a mail, who may read, what is healthy."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.access import may_read
from collector.backoff import FIRST, LONGEST, delay_after
from collector.errors import DeliveryDelayed, DeliveryRefused, MailServerAway
from collector.jobs import JOBS
from collector.mail import mail_server
from collector.outbox import Message, judge
from collector.running import Outcome, State
from collector.settings import read_settings
from collector.web import health_of
from tests.support.processes import DEVICE_KEY

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TOKEN = "t" * 32
DAY = timedelta(days=1)

tries = st.integers(min_value=1, max_value=10**9)
luck = st.floats(min_value=0, max_value=1)


@given(tries, luck)
def test_a_delay_is_between_half_and_the_whole_and_never_too_long(tries: int, luck: float) -> None:
    assert FIRST / 2 <= delay_after(tries, luck) <= LONGEST
    assert delay_after(tries, 1) - 2 * delay_after(tries, 0) < timedelta(milliseconds=1)


@given(tries, luck)
def test_a_delay_never_shrinks_with_tries_and_doubles_at_first(tries: int, luck: float) -> None:
    assert delay_after(tries, luck) <= delay_after(tries + 1, luck)
    assert abs(delay_after(2, luck) - 2 * delay_after(1, luck)) < timedelta(milliseconds=1)


def message(tries: int = 1, left: timedelta = DAY) -> Message:
    """A message with so much of its time left."""
    return Message(1, UUID(int=1), "bob@example.com", "s", "b", tries, NOW, NOW + left)


@given(tries, luck, st.timedeltas(min_value=timedelta(microseconds=1), max_value=DAY), st.booleans())
def test_a_message_is_never_put_off_past_its_expiry(tries: int, luck: float, left: timedelta, is_away: bool) -> None:
    verdict = judge(message(tries, left), (MailServerAway if is_away else DeliveryDelayed)("later"), NOW, luck)
    assert verdict.outcome == "postponed"
    assert verdict.delay is not None
    assert timedelta(0) < verdict.delay <= left


def test_a_message_that_is_taken_is_sent_and_one_that_is_refused_has_failed() -> None:
    assert judge(message(), None, NOW, 0.5).outcome == "sent"
    refused = judge(message(), DeliveryRefused("5" * 9999), NOW, 0.5)
    assert (refused.outcome, refused.delay, len(refused.error or "")) == ("failed", None, 500)


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("smtp://host", 25),
        ("smtps://host", 465),
        ("smtp+starttls://us%40er:pa%2Fss@host", 587),
        ("smtp://[::1]:2525/", 2525),
    ],
)
def test_a_mail_server_is_read_from_its_url(url: str, port: int) -> None:
    server = mail_server(url)
    assert server.port == port
    assert "pa/ss" not in repr(server)
    assert server.user == ("us@er" if "@host" in url else "")


@pytest.mark.parametrize(
    "url",
    [
        "host:25",
        "smtp://",
        "smtp://host:99999",
        "smtp://host:x",
        "imap://host",
        "smtp://host/path",
    ],
)
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"is no URL|must be smtp"):
        mail_server(url)


@pytest.mark.parametrize(
    ("path", "address", "authorization", "is_free"),
    [
        ("/metrics", "10.1.2.3", "", True),
        ("/metrics", "::ffff:10.1.2.3", "", True),
        ("/metrics", "fe80::1%eth0", "", False),
        ("/metrics", "127.0.0.1", "", False),
        ("/healthz", "127.0.0.1", "", True),
        ("/healthz", "::1", "", True),
        ("/healthz", "192.0.2.1", "", False),
        ("/metrics", "192.0.2.1", f"Bearer {TOKEN}", True),
        ("/metrics", "192.0.2.1", f"Bearer {TOKEN}x", False),
        ("/metrics", "192.0.2.1", f"Bearer {TOKEN}ü", False),
        ("/metrics", "192.0.2.1", TOKEN, False),
    ],
)
def test_the_port_is_open_to_listed_networks_and_the_token(
    path: str, address: str, authorization: str, is_free: bool
) -> None:
    settings = read_settings(
        {
            "DATABASE_URL": "postgresql://somebody@some.where/database",
            "DEVICE_KEY": DEVICE_KEY,
            "METRICS_TOKEN": TOKEN,
            "METRICS_NETWORKS": "10.0.0.0/8",
        }
    )
    assert may_read(path, address, authorization, settings) is is_free


def test_without_a_token_no_header_opens_the_port() -> None:
    settings = read_settings({"DATABASE_URL": "postgresql://somebody@some.where/database", "DEVICE_KEY": DEVICE_KEY})
    assert may_read("/metrics", "127.0.0.1", "", settings)
    assert not may_read("/metrics", "192.0.2.1", "Bearer ", settings)


@pytest.mark.parametrize(
    ("beat", "is_healthy"),
    [
        (None, False),
        (State("failed", None), False),
        (State("succeeded", NOW), True),
        (State("failed", NOW - timedelta(seconds=30)), True),
        (State("failed", NOW - timedelta(seconds=31)), False),
        (State("succeeded", NOW - timedelta(seconds=31)), False),
    ],
    ids=["never", "only failed", "now", "30 s ago", "31 s ago", "hung"],
)
def test_it_is_healthy_while_its_heart_has_beaten_within_30_seconds(beat: State | None, is_healthy: bool) -> None:
    assert health_of({} if beat is None else {"beat": beat}, NOW)[0] is is_healthy


def test_every_job_says_how_often_it_runs_and_has_its_own_name() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert all(job.every > timedelta(0) for job in JOBS)
    assert set(get_args(Outcome)) == {"succeeded", "failed", "skipped"}
