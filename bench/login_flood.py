"""What a flood of sign-ins does to the other routes, at 600 requests a second; both loads are open loops."""

import multiprocessing
from pathlib import Path
from statistics import median

import requests

from bench import load
from bench.report import Figure, at_most
from bench.stage import open_app, open_database

RATE = 600
CONNECTIONS = 12
SECONDS = 5.0
ROUNDS = 7
FLOOD_RATE = 75  # three times what the lane hashes on two cores
FLOOD_CONNECTIONS = 24


def measure(folder: Path) -> list[Figure]:
    """The other routes' p99 with the flood over that without, in interleaved rounds."""
    with open_database(folder) as database, open_app("house", database, folder) as app:
        tokens = []
        for number in range(CONNECTIONS):
            account = {"email": f"bench-{number}@example.com", "password": "correct horse battery"}
            requests.post(app.url + "/register", json=account, timeout=30).raise_for_status()
            tokens.append(requests.post(app.url + "/login", json=account, timeout=30).json()["token"])
        asked = [load.make_request(app.url, "/verify", token) for token in tokens]
        flood = [
            load.make_request(
                app.url,
                "/login",
                method="POST",
                body=b'{"email": "guess-%d@example.com", "password": "a wrong password"}' % number,
            )
            for number in range(FLOOD_CONNECTIONS)
        ]
        rounds = [(_p99(app.url, asked), _p99_under(app.url, asked, flood)) for _ in range(ROUNDS)]
    for calm, flooded in rounds:
        print(f"     p99 {calm * 1000:6.1f} ms alone, {flooded * 1000:6.1f} ms in the flood")
    return [
        at_most(
            f"p99 of /verify at {RATE}/s in a flood of sign-ins: of its p99 alone",
            median(flooded for _, flooded in rounds) / median(calm for calm, _ in rounds),
            2,
        )
    ]


def _p99(url: str, asked: list[bytes]) -> float:
    return load.run(url, asked, seconds=SECONDS, rate=RATE).quantile(0.99)


def _p99_under(url: str, asked: list[bytes], flood: list[bytes]) -> float:
    # A process of its own: in one interpreter the two loads would wait for each other, and that would be measured.
    flooding = multiprocessing.Process(
        target=load.run, args=(url, flood), kwargs={"seconds": SECONDS + 1, "rate": FLOOD_RATE}
    )
    flooding.start()
    try:
        return _p99(url, asked)
    finally:
        flooding.join()
