"""Searches of several kinds over 100,000 books, by HTTP: the slowest kind beside its bar."""

from pathlib import Path
from statistics import median
from time import perf_counter

import requests

from bench.report import Figure, at_most
from bench.shelves import BOOKS, CATEGORIES, EVERYWHERE, LATE, SOMEWHERE, SYLLABLES, fill_shelves
from bench.stage import open_app, open_database

ROUNDS = 5
CALLS = 8  # a round; in the first the plans are made that a connection keeps
HALFWAY = BOOKS // 2
KINDS: dict[str, dict[str, str | int]] = {
    "a word of most": {"q": EVERYWHERE},
    "a word of one in 50": {"q": SOMEWHERE},
    "a word of the last tenth only": {"q": LATE},
    "a word of none": {"q": "xylophone"},
    "one letter": {"q": "s"},
    "one letter of few": {"q": "z"},
    "three letters": {"q": "zep"},
    "many letters": {"q": "a b c d e f g h i j k l m n o p q r s t u v w x y z"},
    "many letters that are there": {"q": "b c d f g h"},
    "many words": {"q": " ".join([EVERYWHERE, SOMEWHERE, LATE, *SYLLABLES])},
    "a common and a rare one": {"q": f"{EVERYWHERE} {LATE}"},
    "operators": {"q": "' & | ! <-> :* the:A (( \\"},
    "an ISBN": {"q": "978-0-306-40615-7"},
    "within a category": {"q": EVERYWHERE, "category": CATEGORIES[0]},
    "a rare one within a category": {"q": LATE, "category": CATEGORIES[0]},
    "within no category": {"q": EVERYWHERE, "category": "none"},
    "from the middle": {"q": EVERYWHERE, "cursor": HALFWAY},
    "a rare one from the middle": {"q": LATE, "cursor": HALFWAY},
    "200 a page": {"q": SOMEWHERE, "limit": 200},
    "no word, the first page": {},
    "no word, from the middle": {"cursor": HALFWAY},
    "a category, from the middle": {"category": CATEGORIES[0], "cursor": HALFWAY},
}


def measure(folder: Path) -> list[Figure]:
    """The median of each kind, all in turn in each round."""
    with open_database(folder) as database, open_app("house", database, folder) as app, requests.Session() as session:
        account = {"email": "bench@example.com", "password": "correct horse battery"}
        session.post(app.url + "/register", json=account, timeout=30).raise_for_status()
        token = session.post(app.url + "/login", json=account, timeout=30).json()["token"]
        session.headers["Authorization"] = f"Bearer {token}"
        fill_shelves(database)
        rounds = [
            {kind: _time(session, app.url + "/api/v1/books/", asked) for kind, asked in KINDS.items()}
            for _ in range(ROUNDS + 1)
        ]
    taken = {kind: median(found[kind] for found in rounds[1:]) for kind in KINDS}
    for kind, seconds in taken.items():
        print(f"     {kind:<32} {1000 * seconds:6.1f} ms")
    slowest = max(taken, key=lambda kind: taken[kind])
    return [at_most(f"a search over {BOOKS:,} books, the slowest ({slowest})", 1000 * taken[slowest], 20, "ms")]


def _time(session: requests.Session, url: str, asked: dict[str, str | int]) -> float:
    """The median of some calls, in seconds."""
    taken = []
    for _ in range(CALLS):
        started = perf_counter()
        session.get(url, params=asked, timeout=30).raise_for_status()
        taken.append(perf_counter() - started)
    return median(taken)
