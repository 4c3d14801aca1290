"""/metrics with 10,000 people who did everything, after 400 killed workers; the library's gauges at ten times that."""

from pathlib import Path
from statistics import median
from time import perf_counter

import psutil
import requests

from bench.report import Figure, at_most
from bench.stage import App, open_app, open_database
from tests.support.databases import Database
from tests.support.waiting import wait_for

PEOPLE = 10_000
KILLS = 400
SCRAPES = 15
READERS = BOOKS = 100_000


def measure(folder: Path) -> list[Figure]:
    """Milliseconds of a scrape, and how many files hold the counts."""
    with open_database(folder) as database, open_app("house", database, folder) as app:
        database.rows(
            "INSERT INTO app_users (email, password_hash) SELECT 'person-' || n || '@example.com', 'none' "
            "FROM generate_series(1, %s) n",
            PEOPLE,
        )
        database.rows(
            "INSERT INTO user_action_totals (user_id, action, total) SELECT id, action, 7 FROM app_users, "
            "unnest(ARRAY['create', 'read', 'update', 'delete']) action"
        )
        database.rows("ANALYZE")
        for _ in range(KILLS):
            _kill_a_worker(app)
        taken = [_scrape(app.url) for _ in range(SCRAPES)]
        files = len(list((folder / "house-data" / "metrics").rglob("*.db")))
        _fill_library(database)
        looked = [_look(app.url) for _ in range(SCRAPES)]
    return [
        at_most(f"/metrics with {PEOPLE} people after {KILLS} killed workers", median(taken) * 1000, 50, "ms"),
        at_most("files that hold the counts", files, 20, ""),
        at_most(f"the library's gauges with {BOOKS} books and {READERS} people", median(looked) * 1000, 50, "ms"),
    ]


def _kill_a_worker(app: App) -> None:
    """Kill one that has counted something, and wait until it is replaced."""
    requests.get(app.url + "/livez", timeout=10)
    workers = psutil.Process(app.process.pid).children()
    workers[0].kill()
    wait_for(
        lambda: len({w.pid for w in psutil.Process(app.process.pid).children()} - {workers[0].pid}) == len(workers)
    )


def _fill_library(database: Database) -> None:
    database.rows(
        "INSERT INTO app_users (email, password_hash, last_login_at) "
        "SELECT 'reader-' || n || '@example.com', repeat('x', 97), now() - n %% 90 * interval '1 day' "
        "FROM generate_series(1, %s) n",
        READERS - PEOPLE,
    )
    database.rows(
        "INSERT INTO books (title, author, category, copies_total, copies_available) "
        "SELECT 'The title of book ' || n, 'Author ' || n %% 5000, 'Category ' || n %% 20, 5, 5 "
        "FROM generate_series(1, %s) n",
        BOOKS,
    )
    database.rows("ANALYZE app_users, books")


def _look(url: str) -> float:
    started = perf_counter()
    answer = requests.get(url + "/metrics?name[]=library_available_books_total", timeout=30)
    taken = perf_counter() - started
    if f"library_available_books_total {BOOKS * 5}.0" not in answer.text:
        raise RuntimeError("the gauges are not right")
    return taken


def _scrape(url: str) -> float:
    started = perf_counter()
    answer = requests.get(url + "/metrics", timeout=30)
    taken = perf_counter() - started
    if answer.text.count("user_actions_total{") != PEOPLE * 4:
        raise RuntimeError("the scrape is not whole")
    return taken
