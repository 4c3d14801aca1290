"""Notifications to real sinks: in order, with their key, kept until taken, past channels that hang, never inside."""

import json
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest

from collector.job import Context
from collector.jobs.open_incidents import JOB as FOLLOW
from collector.jobs.send_notifications import JOB
from collector.notifying.courier import explain
from standalone.postgres import Server
from tests.collector.conftest import NOW
from tests.collector.sinks import Sink, SinkServer
from tests.collector.telling import House
from tests.support.databases import Database, throw_away
from tests.support.waiting import wait_for

ContextFor = Callable[..., Context[Any]]
ALLOWED = "127.0.0.1/32"
STATES = "SELECT status, attempts, last_error FROM outbox ORDER BY id"


@pytest.fixture
def hooks() -> Iterator[SinkServer]:
    """A sink that takes everything until told otherwise."""
    made = SinkServer(Sink())
    yield made
    made.stop()


@pytest.fixture
def sink(hooks: SinkServer) -> Sink:
    """Its conscience."""
    return hooks.sink


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """One for all tests here: each empties it."""
    with throw_away(server) as found:
        yield found


@pytest.fixture
def house(database: Database, context_for: ContextFor) -> House:
    """A house without channels."""
    return House(database, context_for(FOLLOW).engine, NOW)


@pytest.fixture
def send(house: House, context_for: ContextFor) -> Callable[..., None]:
    """Sends all that is due, as a collector that may reach loopback."""

    def run(allowed: str = ALLOWED) -> None:
        JOB.run(context_for(JOB, PROBE_ALLOW=allowed, PUBLIC_URL="https://house.example/"))

    return run


def queue(house: House, *subjects: str, kind: str = "changes") -> None:
    """News for whoever chose that kind, as auth queues it."""
    house.database.rows(
        """INSERT INTO outbox (channel, channel_id, recipient, kind, subject, body)
        SELECT 'notification', c.id, c.name, %s, s, 'Something happened.'
        FROM unnest(%s::text[]) WITH ORDINALITY AS n (s, place) JOIN channels c ON %s = ANY (c.kinds)
        ORDER BY place, c.id""",
        kind,
        list(subjects),
        kind,
    )


def hasten(house: House) -> None:
    """Every try is due now."""
    house.database.rows("UPDATE outbox SET due_at = now() WHERE status = 'queued'")


def test_a_webhook_gets_json_with_its_key(
    house: House, hooks: SinkServer, sink: Sink, send: Callable[..., None]
) -> None:
    house.channel("changes", url=hooks.url("/hook?token=hush"))
    queue(house, "Door is down")
    send()
    key, created_at = house.database.rows("SELECT idempotency_key::text, created_at FROM outbox")[0]
    [arrival] = sink.arrivals
    assert (arrival.key, arrival.content) == (
        key,
        {
            "kind": "changes",
            "subject": "Door is down",
            "body": "Something happened.",
            "at": created_at.astimezone(NOW.tzinfo).isoformat(),
            "idempotency_key": key,
            "url": "https://house.example/health/status-page/",
        },
    )
    assert house.database.rows("SELECT status, body FROM outbox") == [("sent", None)]
    assert house.database.rows("SELECT service, is_up, error FROM service_states") == [("channel:Phone", True, None)]


def test_apprise_gets_the_same_with_its_key(
    house: House, hooks: SinkServer, sink: Sink, send: Callable[..., None]
) -> None:
    house.channel("changes", url=f"json://{hooks.place}/hook")
    queue(house, "Door is down", "Door is up again")
    send()
    keys = [key for (key,) in house.database.rows("SELECT idempotency_key::text FROM outbox ORDER BY id")]
    assert [(one.key, one.subject) for one in sink.arrivals] == list(
        zip(keys, ["Door is down", "Door is up again"], strict=True)
    )
    assert sink.arrivals[0].content["message"] == "Something happened.\n\nhttps://house.example/health/status-page/"


@pytest.mark.parametrize("scheme", ["http", "json"])
def test_it_never_connects_inside_unless_allowed(
    house: House, hooks: SinkServer, sink: Sink, send: Callable[..., None], scheme: str
) -> None:
    house.channel("changes", url=f"{scheme}://{hooks.place}/hook")
    queue(house, "Door is down")
    send(allowed="none")
    [(status, attempts, error)] = house.database.rows(STATES)
    assert (status, attempts, sink.arrivals) == ("queued", 1, [])
    assert "loopback" in error
    assert hooks.place not in error


def test_a_redirect_is_no_yes_and_is_not_followed(
    house: House, hooks: SinkServer, sink: Sink, send: Callable[..., None]
) -> None:
    sink.redirects["/hook"] = hooks.url("/elsewhere")
    house.channel("changes", url=hooks.url("/hook"))
    queue(house, "Door is down")
    send()
    assert house.database.rows(STATES)[0][:2] == ("queued", 1)
    assert [one.path for one in sink.arrivals] == ["/hook"]


def test_what_fails_holds_up_its_own_channel_and_keeps_its_key(
    house: House, hooks: SinkServer, sink: Sink, send: Callable[..., None]
) -> None:
    sink.answers["/flaky"] = [503, 404]
    house.channel("changes", name="Flaky", url=hooks.url("/flaky"))
    house.channel("changes", name="Sound", url=hooks.url("/sound"))
    queue(house, "one", "two")
    send()
    assert (sink.subjects("/flaky"), sink.subjects("/sound")) == (["one"], ["one", "two"])
    assert house.database.one("SELECT error FROM service_states WHERE NOT is_up") == "answered 503, expected 2xx"
    for _ in range(2):
        hasten(house)
        send()
    assert sink.subjects("/flaky") == ["one", "one", "one", "two"]
    assert len({one.key for one in sink.arrivals if one.subject == "one" and one.path == "/flaky"}) == 1
    assert {row[0] for row in house.database.rows(STATES)} == {"sent"}


def test_a_channel_whose_message_is_on_its_way_sends_no_other(
    house: House, hooks: SinkServer, sink: Sink, send: Callable[..., None]
) -> None:
    house.channel("changes", url=hooks.url("/hook"))
    queue(house, "committed late", "on its way")
    house.database.rows("UPDATE outbox SET due_at = now() + interval '1 min' WHERE subject = 'on its way'")
    send()
    assert sink.subjects() == []


def test_a_sink_that_is_gone_for_good_is_not_asked_again(
    house: House, hooks: SinkServer, sink: Sink, send: Callable[..., None]
) -> None:
    sink.answers["/hook"] = [410]
    house.channel("changes", url=hooks.url("/hook"))
    queue(house, "one", "two")
    send()
    assert [row[0] for row in house.database.rows(STATES)] == ["failed", "sent"]


def test_what_is_a_day_old_is_given_up_and_the_next_goes_out(
    house: House, hooks: SinkServer, sink: Sink, send: Callable[..., None]
) -> None:
    house.channel("changes", url=hooks.url("/hook"))
    queue(house, "old", "new")
    house.database.rows("UPDATE outbox SET expires_at = now() WHERE subject = 'old'")
    send()
    assert [row[0] for row in house.database.rows(STATES)] == ["failed", "sent"]
    assert sink.subjects() == ["new"]


def test_a_channel_that_hangs_delays_no_other(
    house: House, hooks: SinkServer, sink: Sink, context_for: ContextFor
) -> None:
    sink.hanging = {"/hangs"}
    house.channel("changes", name="Hangs", url=hooks.url("/hangs"))
    house.channel("alerts", name="Sound", url=hooks.url("/sound"))
    queue(house, "one", "two")
    sending = Thread(target=JOB.run, args=[context_for(JOB, PROBE_ALLOW=ALLOWED)])
    sending.start()
    wait_for(lambda: sink.subjects("/hangs") == ["one"])
    queue(house, "later", "still later", kind="alerts")
    wait_for(lambda: sink.subjects("/sound") == ["later", "still later"], seconds=3)
    assert sink.subjects("/hangs") == ["one"]  # and the next of that channel waits for it
    sink.released.set()
    sending.join(10)
    assert sink.subjects("/hangs") == ["one", "two"]


def test_a_courier_that_hangs_is_killed_when_the_collector_stops(
    house: House, hooks: SinkServer, sink: Sink, context_for: ContextFor
) -> None:
    sink.hanging = {"/hangs"}
    house.channel("changes", url=f"json://{hooks.place}/hangs?rto=60&cto=60")
    queue(house, "one")
    context = context_for(JOB, PROBE_ALLOW=ALLOWED)
    sending = Thread(target=JOB.run, args=[context])
    sending.start()
    wait_for(lambda: sink.subjects() == ["one"])
    context.stopping.set()
    sending.join(3)
    assert not sending.is_alive()
    assert house.database.rows(STATES)[0][:2] == ("queued", 1)


def test_a_channel_that_is_off_keeps_its_news_and_still_takes_a_test(
    house: House, hooks: SinkServer, sink: Sink, send: Callable[..., None]
) -> None:
    channel = house.channel("changes", url=hooks.url("/hook"))
    queue(house, "one")
    house.database.rows("UPDATE channels SET is_enabled = false")
    house.database.rows(
        "INSERT INTO outbox (channel, channel_id, recipient, kind, subject, body)"
        " VALUES ('notification', %s, 'Phone', 'test', 'a test', 'body')",
        channel,
    )
    send()
    assert sink.subjects() == ["a test"]
    house.database.rows("UPDATE channels SET is_enabled = true")
    send()
    assert sink.subjects() == ["a test", "one"]


def test_two_senders_send_each_message_once_and_in_order(
    house: House, hooks: SinkServer, sink: Sink, context_for: ContextFor
) -> None:
    for number in range(3):
        house.channel("changes", name=f"{number}", url=hooks.url(f"/{number}"))
    subjects = [f"news {number}" for number in range(10)]
    queue(house, *subjects)
    senders = [Thread(target=JOB.run, args=[context_for(JOB, PROBE_ALLOW=ALLOWED)]) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(20)
    JOB.run(context_for(JOB, PROBE_ALLOW=ALLOWED))  # what came due in the very moment in which both looked
    assert [sink.subjects(f"/{number}") for number in range(3)] == [subjects] * 3


@pytest.mark.parametrize(
    "heard",
    [
        "Could not reach https://hooks.example/services/T0ken/s3cret?key=p%40ss as bob:hunter2",
        "no T0ken, s3cret, p@ss, hunter2 here",
    ],
)
def test_no_part_of_a_channels_url_is_ever_told(heard: str) -> None:
    told = explain("slack://bob:hunter2@hooks.example/services/T0ken/s3cret?key=p%40ss", [heard])
    assert not [secret for secret in ("hooks", "T0ken", "s3cret", "p%40ss", "p@ss", "bob", "hunter2") if secret in told]


def test_logs_and_metrics_hold_no_url(
    house: House, hooks: SinkServer, sink: Sink, context_for: ContextFor, capsys: pytest.CaptureFixture[str]
) -> None:
    sink.answers = {"/hush-hush": [500] * 9}
    house.channel("changes", name="Phone", url=hooks.url("/hush-hush"))
    house.channel("changes", name="Pager", url=f"json://user:hush-hush@{hooks.place}/hush-hush")
    queue(house, "one")
    JOB.run(context_for(JOB, PROBE_ALLOW=ALLOWED))
    told = "".join(capsys.readouterr()) + json.dumps(house.database.rows(STATES))
    assert "notification_tried" in told
    assert "hush-hush" not in told
    assert str(hooks.server_address[1]) not in told
