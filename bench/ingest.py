"""Lines of a journal into the database: beside `psql` and COPY of the same file, rows a second, memory."""

import os
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from threading import Event

import psutil
from prometheus_client import CollectorRegistry

from auth.journal.line import make_line
from bench.report import Figure, at_least, at_most
from bench.stage import open_database
from collector.host import read_host
from collector.ingest.storing import COPY
from collector.job import Context, HostMemory
from collector.jobs import ingest_requests
from collector.settings import read_settings
from common.clock import utc_now
from common.journal import FOLDER, segment_name
from sql.engine import make_engine
from standalone.postgres import wheel_programs
from tests.collector.daemons import Daemon
from tests.support.databases import Database
from tests.support.waiting import wait_for

LINES = 250_000
A_SECOND = 500
ROUNDS = 3
DRAINED = 1_000_000
SEGMENT_BYTES = 16 * 1024 * 1024
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
EMPTY = "TRUNCATE request_log, request_minutes, journal_hours, request_dirty_hours, journal_segments"
ROWS = "SELECT count(*) FROM request_log"


def measure(folder: Path) -> list[Figure]:
    """The same lines by psql and by a job's run, in turns; then a journal that has piled up, by a real collector."""
    with open_database(folder) as database:
        content = b"".join(make_lines())
        ratios = []
        for number in range(ROUNDS):
            by_psql = copy_by_psql(database, folder, content)
            by_us, cpu = ingest(database, folder / f"round-{number}", content)
            ratios.append(by_psql / by_us)
            print(f"     psql {LINES / by_psql:,.0f} rows/s, ingest {LINES / by_us:,.0f}")
            print(f"     {cpu / LINES * 1e6:.1f} us of the collector's CPU a line")
        database.rows(EMPTY)
        rate, memory = drain(database, folder, content)
    return [
        at_least("ingest: of `psql` with COPY of the same file, rows a second", median(ratios), 0.6),
        at_least("a journal that has piled up drains, rows a second", rate, 50_000, "/s"),
        at_most("the collector's memory meanwhile", memory, 250, "MiB"),
    ]


def make_lines() -> Iterator[bytes]:
    """Some minutes of a busy house: half of the requests by people, a tenth refused."""
    chance, begin = random.Random(4), time.time_ns() // 1000 - LINES // A_SECOND * 1_000_000
    people = [f"0d9488a4-7c3b-4b1e-8f52-6a3cf4b1{number:04x}" for number in range(1000)]
    for number in range(LINES):
        is_refused = chance.random() < 0.1
        yield make_line(
            begin + number * 1_000_000 // A_SECOND,
            number % 8,
            endpoint=f"/api/v1/route-{chance.randrange(40)}/{{id}}/",
            method=chance.choice(("GET", "GET", "POST")),
            status=chance.choice((401, 404, 422, 500)) if is_refused else 200,
            duration_us=int(chance.lognormvariate(8, 1)),
            request_bytes=chance.randrange(300),
            response_bytes=chance.randrange(20_000),
            is_probe=chance.random() < 0.02,
            user_id=chance.choice(people) if chance.random() < 0.5 else None,
            ip_address=f"203.0.113.{chance.randrange(256)}",
            user_agent=AGENT,
            request_id=f"{chance.getrandbits(128):032x}",
            problem_title="Unprocessable Content" if is_refused else None,
            problem_detail="Some fields are wrong." if is_refused else None,
        )


def copy_by_psql(database: Database, folder: Path, content: bytes) -> float:
    """Seconds of psql's own COPY into a table without rows."""
    database.rows(EMPTY)
    file = folder / "lines"
    file.write_bytes(content)
    began = time.monotonic()
    subprocess.run(
        [wheel_programs() / "psql", "--no-psqlrc", "--quiet", database.collector_url, f"--command={COPY}"],
        stdin=file.open("rb"),
        check=True,
        env={"PATH": os.defpath},
    )
    took = time.monotonic() - began
    assert database.one(ROWS) == LINES
    return took


def ingest(database: Database, data: Path, content: bytes) -> tuple[float, float]:
    """Seconds of the job with the same lines, and its CPU."""
    database.rows(EMPTY)
    write_segments(data, content)
    settings = read_settings(
        {"WATCHHOUSE_DEMO": "1", "DATABASE_URL": database.collector_url, "WATCHHOUSE_DATA": str(data)}
    )
    now = utc_now()
    context = Context(
        settings=settings,
        engine=make_engine(database.collector_url, process="bench", pool_size=1, statement_seconds=60),
        host=HostMemory(last=read_host(settings.host_proc, settings.host_disk, now)),
        metrics=ingest_requests.JOB.metrics(CollectorRegistry()),
        started_at=now,
        stopping=Event(),
    )
    began, used = time.monotonic(), time.process_time()
    ingest_requests.run(context)
    took, used = time.monotonic() - began, time.process_time() - used
    assert database.one(ROWS) == LINES
    context.engine.dispose()
    return took, used


def drain(database: Database, folder: Path, content: bytes) -> tuple[float, float]:
    """Rows a second of a real collector with nothing else to do, and the most memory it took in MiB."""
    for _ in range(DRAINED // LINES):
        write_segments(folder, content)
    daemon = Daemon(folder / "collector.log", "bench", DATABASE_URL=database.collector_url, LOG_LEVEL="ERROR")
    try:
        process, memory, is_over = psutil.Process(daemon.process.pid), [0], threading.Event()
        watching = threading.Thread(target=watch, args=[process, memory, is_over])
        watching.start()
        wait_for(lambda: database.one(ROWS), seconds=30, what="it begins")
        begin, began = database.one(ROWS), time.monotonic()
        wait_for(lambda: not list((folder / FOLDER).glob("*.log")), seconds=300, what="all is stored")
        took = time.monotonic() - began
        is_over.set()
        watching.join()
        return (database.one(ROWS) - begin) / took, memory[0] / 2**20
    finally:
        daemon.kill()


def watch(process: psutil.Process, memory: list[int], is_over: threading.Event) -> None:
    """Note the most memory a process takes."""
    while not is_over.wait(0.1):
        memory[0] = max(memory[0], process.memory_info().rss)


def write_segments(data: Path, content: bytes) -> None:
    """Closed segments of whole lines."""
    journal = data / FOLDER
    journal.mkdir(parents=True, exist_ok=True)
    begin = 0
    while begin < len(content):
        end = content.rfind(b"\n", begin, begin + SEGMENT_BYTES) + 1
        (journal / segment_name(time.time_ns() // 1000, os.getpid())).write_bytes(content[begin:end])
        begin = end
