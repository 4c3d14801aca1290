"""What a request costs beside bare Flask and beside the stock way: app CPU and requests a second."""

from pathlib import Path
from statistics import median

import requests

from bench import load
from bench.report import Figure, at_least
from bench.stage import App, open_app, open_database
from tests.support.databases import Database

ROUNDS = 7
TURNS = 4
TURN_SECONDS = 0.3  # many times the clock tick in which CPU is counted
CONNECTIONS = 8
RESOURCES = 1000

Cost = tuple[float, float]


def measure(folder: Path) -> list[Figure]:
    """Seven rounds, the candidates in turn within each; medians of the rounds' ratios."""
    with (
        open_database(folder) as database,
        open_app("bare", database, folder) as bare,
        open_app("stock", database, folder) as stock,
        open_app("house", database, folder) as house,
    ):
        tokens = _fill(house, database)
        plans = {
            "bare": (bare, "/plain"),
            "stock jwt": (stock, "/signed"),
            "jwt": (house, "/signed"),
            "verify": (house, "/verify"),
            "stock read": (stock, "/actions/read?limit=20"),
            "read": (house, "/actions/read?limit=20"),
        }
        calls = {
            name: (app, [load.make_request(app.url, path, token) for token in tokens])
            for name, (app, path) in plans.items()
        }
        for app, asked in calls.values():
            load.run(app.url, asked, seconds=0.5)
        rounds = [_measure_round(calls) for _ in range(ROUNDS)]
    return _figures(rounds)


def _fill(house: App, database: Database) -> list[str]:
    """Resources to read, and a token for each connection: as many people as connections, as it would be."""
    tokens = []
    for number in range(CONNECTIONS):
        account = {"email": f"bench-{number}@example.com", "password": "correct horse battery"}
        requests.post(house.url + "/register", json=account, timeout=30).raise_for_status()
        tokens.append(requests.post(house.url + "/login", json=account, timeout=30).json()["token"])
    database.rows(
        "INSERT INTO resources (name, author, kind, annotation, owner_id) "
        "SELECT 'Drill ' || n, 'Anna', 'tool', 'A drill', "
        "(SELECT id FROM app_users LIMIT 1) FROM generate_series(1, %s) n",
        RESOURCES,
    )
    database.rows("ANALYZE")
    return tokens


def _measure_round(calls: dict[str, tuple[App, list[bytes]]]) -> dict[str, Cost]:
    """CPU seconds a request, and requests a second, of each; in short turns, since other loads come and go."""
    spent = dict.fromkeys(calls, (0.0, 0, 0.0))
    for _ in range(TURNS):
        for name, (app, asked) in calls.items():
            cpu, answered, seconds = spent[name]
            before = app.cpu_seconds()
            outcome = load.run(app.url, asked, seconds=TURN_SECONDS)
            if outcome.others:
                raise RuntimeError(f"{name}: {outcome.others} requests failed")
            spent[name] = (cpu + app.cpu_seconds() - before, answered + outcome.answered, seconds + outcome.seconds)
    return {name: (cpu / answered, answered / seconds) for name, (cpu, answered, seconds) in spent.items()}


def _figures(rounds: list[dict[str, Cost]]) -> list[Figure]:
    def cpu(of: str, name: str) -> float:
        return median(found[of][0] / found[name][0] for found in rounds)

    def rate(name: str, of: str) -> float:
        return median(found[name][1] / found[of][1] for found in rounds)

    for name in rounds[0]:
        print(
            f"     {name:<12} {median(found[name][0] for found in rounds) * 1e6:7.0f} us CPU"
            f" {median(found[name][1] for found in rounds):7.0f} requests/s"
        )
    return [
        at_least("stock JWT + metrics, no database: of bare Flask, CPU (for comparison)", cpu("bare", "stock jwt"), 0),
        at_least("JWT + metrics, no database: of bare Flask, CPU", cpu("bare", "jwt"), 0.7),
        at_least("JWT + metrics, no database: of bare Flask, requests", rate("jwt", "bare"), 0.7),
        at_least("/verify with its session read: of bare Flask, CPU", cpu("bare", "verify"), 0.5),
        at_least("/actions/read?limit=20: of bare Flask, CPU", cpu("bare", "read"), 0.35),
        at_least("/actions/read?limit=20: of bare Flask, requests", rate("read", "bare"), 0.2),
        at_least("/actions/read?limit=20: of the stock view, CPU", cpu("stock read", "read"), 1.7),
        at_least("/actions/read?limit=20: of the stock view, requests", rate("read", "stock read"), 1.7),
    ]
