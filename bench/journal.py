"""What it costs a request to be written down: the append, all of the gate's part, and an INSERT in its place."""

from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from threading import Thread
from time import perf_counter, sleep, thread_time

import psycopg2
from flask import Flask, Response
from werkzeug.test import create_environ

from auth.answers import Record
from auth.gate import Gate
from auth.journal.addresses import show_by
from auth.journal.journal import Journal
from auth.journal.recording import Recorder
from bench.report import Figure, at_least, at_most
from bench.stage import open_database
from common.journal import COLUMNS, FOLDER, segments_of

THREADS = 8
APPENDS = 2500
PAUSE_SECONDS = 0.002  # as long as a request has its thread wait: about 3,500 a second in all
ROUNDS = 15
CALLS = 2000
INSERTS = 1000
CAP = 1024 * 1024 * 1024
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


def measure(folder: Path) -> list[Figure]:
    """The append among eight threads with the thread that syncs, the gate's CPU with and without, and an INSERT."""
    journal = Journal(folder / FOLDER, CAP)
    recorder = Recorder(journal, show_by("full", "a key of this bench's own, 32 bytes and more"))
    added = _middleware(recorder.record)
    line = segments_of(folder / FOLDER)[0].read_bytes().split(b"\n", 1)[0] + b"\n"
    appends = _append(journal, line)
    inserts = _insert(folder / "postgres", line)
    if journal.losses().to_errors:
        raise RuntimeError("lines were lost")
    p50, p99 = _percentiles(appends)
    insert_p50, insert_p99 = _percentiles(inserts)
    print(f"     a line of {len(line)} bytes; append p99.9 {sorted(appends)[-len(appends) // 1000] * 1e6:.0f} us")
    print(f"     INSERT and commit: p50 {insert_p50:.0f} us, p99 {insert_p99:.0f} us")
    return [
        at_most("append on the request's thread, p50", p50, 10, "us"),
        at_most("append on the request's thread, p99", p99, 100, "us"),
        at_most("the journal's part of a request, CPU: gate with, less gate without", added, 30, "us"),
        at_least("an INSERT with its commit, p50: of an append", insert_p50 / p50, 20),
    ]


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    found = quantiles(seconds, n=100)
    return found[49] * 1e6, found[98] * 1e6


def _append(journal: Journal, line: bytes) -> list[float]:
    """Seconds of each append, of threads that do little else but wait, as those of a worker."""
    taken: list[list[float]] = [[] for _ in range(THREADS)]

    def serve(own: list[float]) -> None:
        for _ in range(APPENDS):
            sleep(PAUSE_SECONDS)
            started = perf_counter()
            journal.append(line)
            own.append(perf_counter() - started)

    threads = [Thread(target=serve, args=(own,)) for own in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [seconds for own in taken for seconds in own]


def _middleware(record: Record) -> float:
    """Microseconds of CPU that the record adds to one and the same view."""
    app = Flask("bench")
    app.add_url_rule("/plain", endpoint="GET /plain", view_func=_answer)
    bare, whole = Gate(app.wsgi_app, (), lambda _: False), Gate(app.wsgi_app, (), lambda _: False, record)
    return median((_time(whole) - _time(bare)) * 1e6 for _ in range(ROUNDS))


def _answer() -> Response:
    return Response(b'{"status":"alive"}', mimetype="application/json")


def _time(gate: Gate) -> float:
    """CPU seconds of one call."""
    base = create_environ("/plain", environ_base={"REMOTE_ADDR": "127.0.0.1"}, headers={"User-Agent": USER_AGENT})
    started = thread_time()
    for _ in range(CALLS):
        body = gate(dict(base), lambda *_: None)
        b"".join(body)
        getattr(body, "close", lambda: None)()
    return (thread_time() - started) / CALLS


def _insert(folder: Path, line: bytes) -> list[float]:
    """Seconds of each INSERT of the same row, committed, over a connection that stands."""
    values = [None if field == "\\N" else field for field in line.decode().rstrip("\n").split("\t")]
    marks = ", ".join(f"${number}" for number in range(1, len(COLUMNS) + 1))
    with open_database(folder) as database:
        connection = psycopg2.connect(database.collector_url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE store AS INSERT INTO request_log ({', '.join(COLUMNS)}) VALUES ({marks})")
            places = ", ".join(["%s"] * len(COLUMNS))
            moments = [perf_counter()]
            for _ in range(INSERTS):
                cursor.execute(f"EXECUTE store ({places})", values)
                moments.append(perf_counter())
        connection.close()
    return [after - before for before, after in pairwise(moments)]
