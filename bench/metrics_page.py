"""/metrics with 10,000 people who did everything, after 400 killed workers."""

from pathlib import Path
from statistics import median
from time import perf_counter

import psutil
import requests

from bench.report import Figure, at_most
from bench.stage import App, open_app, open_database
from tests.support.waiting import wait_for

PEOPLE = 10_000
KILLS = 400
SCRAPES = 15


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
    return [
        at_most(f"/metrics with {PEOPLE} people after {KILLS} killed workers", median(taken) * 1000, 50, "ms"),
        at_most("files that hold the counts", files, 20, ""),
    ]


def _kill_a_worker(app: App) -> None:
    """Kill one that has counted something, and wait until it is replaced."""
    requests.get(app.url + "/livez", timeout=10)
    workers = psutil.Process(app.process.pid).children()
    workers[0].kill()
    wait_for(
        lambda: len({w.pid for w in psutil.Process(app.process.pid).children()} - {workers[0].pid}) == len(workers)
    )


def _scrape(url: str) -> float:
    started = perf_counter()
    answer = requests.get(url + "/metrics", timeout=30)
    taken = perf_counter() - started
    if answer.text.count("user_actions_total{") != PEOPLE * 4:
        raise RuntimeError("the scrape is not whole")
    return taken
