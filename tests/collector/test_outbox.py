"""Mail from the outbox to a mail server: at once, again after a refusal, never lost, once for a sink that looks."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.collector.daemons import Daemon, MailServer, Sink

ALL_SENT = "SELECT count(*) FROM outbox WHERE status = 'sent'"
MAIL_STATE = "SELECT is_up, failures, error FROM service_states WHERE service = 'mail'"

Start = Callable[..., Daemon]
Queue = Callable[..., int]

TRIES = 'watchhouse_outbox_sent_total{channel="mail",outcome="%s"}'


def status_of(database: Any, message: int) -> tuple[str, int, str | None, str | None]:
    """Its status, attempts, error and body."""
    return database.rows("SELECT status, attempts, last_error, body FROM outbox WHERE id = %s", message)[0]


def test_it_sends_at_once_what_is_asked_for(start: Start, queue: Queue, database: Any, mail_server: MailServer) -> None:
    daemon = start(SMTP_URL=mail_server.url, MAIL_FROM="House <house@example.com>")
    daemon.wait(lambda: "listener_connected" in daemon.events(), "the listener")
    message = queue("bob@example.com", "Grüße", "Line one\nLine two")
    # Well under the 5 s after which it would look without having been woken.
    daemon.wait(lambda: status_of(database, message)[0] == "sent", "the mail is sent", limit=4)
    letter = mail_server.sink.letters[0]
    key = database.rows("SELECT idempotency_key::text FROM outbox")[0][0]
    assert (letter["From"], letter["To"]) == ("House <house@example.com>", "bob@example.com")
    assert (letter["X-Idempotency-Key"], letter["Message-ID"]) == (key, f"<{key}@example.com>")
    assert letter.get_payload(decode=True) == b"Line one\r\nLine two\r\n"
    assert status_of(database, message) == ("sent", 1, None, None)
    assert daemon.sample(TRIES % "sent") == 1
    assert database.rows(MAIL_STATE) == [(True, 0, None)]


def test_it_sends_after_three_refusals(
    start: Start, queue: Queue, database: Any, mail_server: MailServer, hasten: Callable[[], None]
) -> None:
    mail_server.sink.answers = ["451 later", "452 no room", "421 going down"]
    daemon = start(SMTP_URL=mail_server.url)
    message = queue()
    for tries in (1, 2, 3):
        daemon.wait(lambda tries=tries: daemon.sample(TRIES % "postponed") == tries, f"refusal {tries}")
        hasten()
    daemon.wait(lambda: status_of(database, message)[0] == "sent", "the mail is sent")
    assert status_of(database, message)[1] == 4
    assert len(mail_server.sink.letters) == 1


def test_it_waits_longer_after_each_refusal(start: Start, queue: Queue, database: Any, mail_server: MailServer) -> None:
    mail_server.sink.answers = ["451 later"]
    daemon = start(SMTP_URL=mail_server.url)
    queue()
    daemon.wait(lambda: daemon.sample(TRIES % "postponed") == 1, "the refusal")
    delay, error = database.rows("SELECT extract(epoch FROM due_at - now())::float, last_error FROM outbox")[0]
    assert 0 < delay <= 5
    assert error == "451 later"


def test_it_sends_once_a_server_that_was_down_is_back(
    start: Start, queue: Queue, database: Any, hasten: Callable[[], None]
) -> None:
    server = MailServer(Sink())
    daemon = start(SMTP_URL=server.url)
    messages = {queue(), queue()}
    daemon.wait(lambda: [row[0] for row in database.rows(MAIL_STATE)] == [False], "it is down")
    daemon.wait(lambda: daemon.sample("watchhouse_outbox_messages") == 2, "both wait")
    server.start()
    hasten()
    daemon.wait(lambda: {status_of(database, message)[0] for message in messages} == {"sent"}, "both are sent")
    server.stop()
    is_up, failures, error = database.rows(MAIL_STATE)[0]
    assert (is_up, failures >= 1, error) == (True, True, None)


def test_it_gives_up_what_is_refused_for_good_and_sends_the_rest(
    start: Start, queue: Queue, database: Any, mail_server: MailServer
) -> None:
    mail_server.sink.strangers = {"nobody@example.com"}
    messages = [queue("nobody@example.com"), queue(subject="two\nlines"), queue()]
    daemon = start(SMTP_URL=mail_server.url)
    daemon.wait(lambda: status_of(database, messages[2])[0] == "sent", "the good one is sent")
    refused, unwritable = status_of(database, messages[0]), status_of(database, messages[1])
    assert refused == ("failed", 1, "550 no such person", None)
    assert (unwritable[0], unwritable[3]) == ("failed", None)
    assert daemon.sample(TRIES % "failed") == 2


def test_it_gives_up_at_expiry(start: Start, queue: Queue, database: Any, mail_server: MailServer) -> None:
    message = queue()
    database.rows("UPDATE outbox SET expires_at = now(), last_error = '451 later'")
    daemon = start(SMTP_URL=mail_server.url)
    daemon.wait(lambda: status_of(database, message)[0] == "failed", "it is given up")
    assert status_of(database, message)[2:] == ("451 later", None)
    assert mail_server.sink.letters == []


def test_no_mail_is_lost_or_doubled_for_a_sink_when_the_sender_is_killed(
    start: Start, queue: Queue, database: Any, mail_server: MailServer, hasten: Callable[[], None]
) -> None:
    sink = mail_server.sink
    daemon = start(SMTP_URL=mail_server.url)
    queued: set[int] = set()
    for number in range(3):
        sink.arrived.clear()
        sink.gate.clear()
        queued.add(queue(f"person{number}@example.com"))
        assert sink.arrived.wait(10)
        daemon.kill()  # the server has the mail, nobody noted it
        sink.gate.set()
        daemon.restart().await_health()
        hasten()
        daemon.wait(lambda: database.rows(ALL_SENT) == [(len(queued),)], "it is sent again, and noted")
    asked = {key for (key,) in database.rows("SELECT idempotency_key::text FROM outbox")}
    assert set(sink.keys) == asked
    assert len(sink.keys) > len(asked)  # the killed ones were sent twice, which only the key tells
    assert len({letter["To"] for letter in sink.letters}) == len(asked)  # a key means one mail only


def test_two_senders_send_each_mail_once(start: Start, queue: Queue, database: Any, mail_server: MailServer) -> None:
    daemons = [start(name, SMTP_URL=mail_server.url) for name in ("anna", "berta")]
    queued = {queue(f"person{number}@example.com") for number in range(40)}
    daemons[0].wait(lambda: database.rows(ALL_SENT) == [(len(queued),)], "all are sent")
    assert Counter(mail_server.sink.keys).most_common(1)[0][1] == 1
    assert len(mail_server.sink.keys) == len(queued)
    assert sum(daemon.sample(TRIES % "sent") for daemon in daemons) == len(queued)


def test_a_demo_without_a_server_keeps_mails_for_its_mailbox(start: Start, queue: Queue, database: Any) -> None:
    daemon = start(WATCHHOUSE_DEMO="1")
    message = queue(body="Your link")
    daemon.wait(lambda: status_of(database, message)[0] == "sent", "it is in the mailbox")
    assert status_of(database, message)[3] == "Your link"


def test_mails_wait_for_a_server_that_nobody_named(start: Start, queue: Queue, database: Any) -> None:
    message = queue()
    daemon = start()
    daemon.wait(lambda: daemon.sample("watchhouse_outbox_messages") == 1, "the backlog shows")
    assert status_of(database, message)[:2] == ("queued", 0)
    assert daemon.sample("watchhouse_outbox_oldest_seconds") > 0
    assert "mail_has_no_server" in daemon.events()


def test_mails_expire_though_nobody_named_a_server(start: Start, queue: Queue, database: Any) -> None:
    expired, tried, waiting, in_flight = (queue() for _ in range(4))
    database.rows("UPDATE outbox SET expires_at = now() WHERE id <> %s", waiting)
    database.rows("UPDATE outbox SET last_error = '451 later' WHERE id = %s", tried)
    database.rows("UPDATE outbox SET due_at = now() + interval '1 minute' WHERE id = %s", in_flight)
    daemon = start()
    daemon.wait(lambda: daemon.sample(TRIES % "failed") == 2, "two are given up")
    assert status_of(database, expired) == ("failed", 0, "expired", None)
    assert status_of(database, tried) == ("failed", 0, "451 later", None)
    assert {status_of(database, message)[0] for message in (waiting, in_flight)} == {"queued"}
    assert database.one("SELECT count(finished_at) FROM outbox") == 2
