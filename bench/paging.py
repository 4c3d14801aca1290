"""Page 1,000 of /actions/read beside page 1, over 100,000 resources."""

from pathlib import Path
from statistics import median
from time import perf_counter

import requests

from bench.report import Figure, at_most
from bench.stage import open_app, open_database

RESOURCES = 100_000
LIMIT = 100
ROUNDS = 7
CALLS = 40


def measure(folder: Path) -> list[Figure]:
    """The median latency of the far page over that of the first one, in interleaved rounds."""
    with open_database(folder) as database, open_app("house", database, folder) as app, requests.Session() as session:
        account = {"email": "bench@example.com", "password": "correct horse battery"}
        session.post(app.url + "/register", json=account, timeout=30).raise_for_status()
        token = session.post(app.url + "/login", json=account, timeout=30).json()["token"]
        session.headers["Authorization"] = f"Bearer {token}"
        database.rows(
            "INSERT INTO resources (name, author, kind, owner_id) SELECT 'Drill ' || n, 'Anna', 'tool', id "
            "FROM app_users, generate_series(1, %s) n",
            RESOURCES,
        )
        database.rows("ANALYZE resources")
        far = database.one("SELECT id FROM resources ORDER BY id OFFSET %s LIMIT 1", LIMIT * 999 - 1)
        first, thousandth = (
            f"{app.url}/actions/read?limit={LIMIT}",
            f"{app.url}/actions/read?limit={LIMIT}&cursor={far}",
        )
        for url in (first, thousandth):
            _time(session, url)
        ratios = [_time(session, thousandth) / _time(session, first) for _ in range(ROUNDS)]
    return [at_most("page 1,000 of /actions/read: of page 1, latency", median(ratios), 1.2)]


def _time(session: requests.Session, url: str) -> float:
    """The median of some calls, in seconds."""
    taken = []
    for _ in range(CALLS):
        started = perf_counter()
        session.get(url, timeout=30).raise_for_status()
        taken.append(perf_counter() - started)
    return median(taken)
