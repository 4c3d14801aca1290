"""The daemon as a process: it starts, tells how it is, lives through everything around it, and stops in time."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.collector.daemons import Daemon, MailServer, Wire, collector_command
from tests.support.ports import free_port

Start = Callable[..., Daemon]

SUCCESSES = 'watchhouse_job_runs_total{job="%s",outcome="succeeded"}'


def test_it_says_that_it_is_alive(start: Start, database: Any) -> None:
    daemon = start()
    rows = database.rows("SELECT name, now() - seen_at < interval '6 s', started_at <= seen_at FROM collectors")
    assert rows == [("anna", True, True)]
    told = daemon.health()
    assert (told["status"], told["database"], told["collector"]) == ("healthy", "up", "anna")
    assert told["jobs"]["beat"]["succeeded_at"]


def test_it_measures_its_host(start: Start) -> None:
    daemon = start()
    daemon.wait(lambda: daemon.sample("watchhouse_host_memory_used_bytes") > 0, "the first sample")
    assert 0 <= daemon.sample("watchhouse_host_cpu_ratio") <= 1
    assert 0 < daemon.sample("watchhouse_host_memory_ratio") < 1
    assert 0 < daemon.sample("watchhouse_host_disk_ratio") < 1
    assert daemon.sample("watchhouse_host_open_files") > 0
    assert daemon.sample("process_resident_memory_bytes") > 0


def test_it_has_two_pages(start: Start) -> None:
    daemon = start()
    statuses = {path: daemon.get(path)[0] for path in ("/", "/metrics/x", "/healthz/", "/../etc/passwd")}
    assert set(statuses.values()) == {404}


def test_its_port_wants_the_token_or_a_listed_network(start: Start) -> None:
    token = "t" * 32
    daemon = start(METRICS_TOKEN=token, METRICS_NETWORKS="203.0.113.0/24")
    assert daemon.get("/healthz")[0] == 200
    assert daemon.get("/metrics")[0] == 401
    assert daemon.get("/metrics", Authorization="Bearer wrong")[0] == 401
    assert daemon.get("/metrics", Authorization=f"Bearer {token}")[0] == 200


def test_it_stores_the_minute_that_has_begun_when_it_stops(start: Start, database: Any) -> None:
    daemon = start()
    daemon.wait(lambda: daemon.sample(SUCCESSES % "sample_host") >= 1, "a sample")
    assert daemon.stop() == 0
    stored = database.rows("SELECT host, sum(samples) FROM host_metrics GROUP BY host")
    assert (stored[0][0], stored[0][1] >= 1) == ("anna", True)
    assert daemon.events()[-1] == "collector_stopped"


def test_it_stops_in_time_while_a_mail_server_keeps_it_waiting(
    start: Start, queue: Callable[..., int], mail_server: MailServer, database: Any
) -> None:
    daemon = start(SMTP_URL=mail_server.url)
    mail_server.sink.gate.clear()
    queue()
    assert mail_server.sink.arrived.wait(10)
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < 5
    assert database.rows("SELECT status FROM outbox") == [("queued",)]


def test_it_starts_without_its_database_and_goes_on_when_that_comes(start: Start, wire: Wire, wire_url: str) -> None:
    wire.cut()
    daemon = start(is_awaited=False, DATABASE_URL=wire_url).await_health(503)
    daemon.wait(lambda: daemon.sample('watchhouse_job_runs_total{job="beat",outcome="failed"}') >= 1, "a failed beat")
    told = daemon.health()
    assert (told["status"], told["database"]) == ("unhealthy", "down")
    wire.join()
    daemon.await_health()
    assert "job_recovered" in daemon.events()


def test_it_hears_again_after_the_database_was_away(
    start: Start, wire: Wire, wire_url: str, queue: Callable[..., int], database: Any
) -> None:
    daemon = start(DATABASE_URL=wire_url, WATCHHOUSE_DEMO="1")
    daemon.wait(lambda: "listener_connected" in daemon.events(), "it listens")
    wire.cut()
    daemon.wait(lambda: "listener_disconnected" in daemon.events(), "the cut is noticed")
    queue()
    wire.join()
    daemon.wait(lambda: daemon.events().count("listener_connected") >= 2, "it listens again")
    statuses = "SELECT DISTINCT status FROM outbox"
    daemon.wait(lambda: database.rows(statuses) == [("sent",)], "what was asked meanwhile is done", limit=6)
    queue()
    daemon.wait(lambda: database.rows(statuses) == [("sent",)], "it is woken again", limit=4)
    assert daemon.process.poll() is None


def test_it_survives_the_end_of_all_its_sessions(start: Start, cut_sessions: Callable[[], int]) -> None:
    daemon = start()
    assert cut_sessions() >= 1
    before = daemon.sample(SUCCESSES % "beat")
    daemon.wait(lambda: daemon.sample(SUCCESSES % "beat") > before, "it beats on", limit=20)
    assert daemon.health()["status"] == "healthy"


def test_it_says_which_port_is_taken(start: Start, database: Any) -> None:
    first = start()
    second = collector_command("run", DATABASE_URL=database.collector_url, COLLECTOR_PORT=str(first.port))
    assert second.returncode == 1
    assert f"COLLECTOR_PORT: cannot listen on 127.0.0.1 port {first.port}" in second.stderr


@pytest.mark.parametrize("command", ["run", "collect-metrics"])
def test_it_says_that_it_cannot_see_its_host(database: Any, command: str) -> None:
    run = collector_command(
        command, DATABASE_URL=database.collector_url, COLLECTOR_PORT=str(free_port()), HOST_PROC="/nowhere"
    )
    assert run.returncode == 1
    assert "HOST_PROC, HOST_DISK: cannot read /nowhere/stat" in run.stderr


def test_it_names_every_wrong_setting_at_once() -> None:
    secret = "p4ss" * 8
    run = collector_command(
        "run",
        DATABASE_URL=f"mysql://a:{secret}@b/c",
        COLLECTOR_PORT="0",
        MAIL_FROM="nobody",
        SMTP_URL=f"http://a:{secret}@host",
        METRICS_TOKEN="short",
        WATCHHOUSE_DEMO="0",
    )
    assert run.returncode == 2
    assert secret not in run.stderr
    for name in ("DATABASE_URL", "COLLECTOR_PORT", "MAIL_FROM", "SMTP_URL", "METRICS_TOKEN"):
        assert f"Error: {name}: " in run.stderr
