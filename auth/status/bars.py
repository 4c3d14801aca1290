"""The 90 daily bars of a service, drawn from its letters: a path for each kind of day, a stroke for each run of days.

The dashes of a stroke are the days, so a long run costs as little as a short one. Worse days stand higher; what they
mean is said in words beside.
"""

from functools import lru_cache
from itertools import groupby

from markupsafe import Markup

MIDDLES = {"o": 6.5, "d": 6, "p": 5.5, "m": 5, "w": 6.5, "u": 9.5}  # of the strokes, in a picture 10 high
PHRASES = {
    "m": "long outages",
    "p": "short outages",
    "d": "degraded",
    "w": "in maintenance",
    "u": "not watched",
}


@lru_cache(4096)
def draw_bars(days: str) -> Markup:
    """The paths of a picture that is a unit wide for each day."""
    paths: dict[str, list[str]] = {}
    at = 0
    for letter, run in groupby(days):
        length = len(list(run))
        paths.setdefault(letter, []).append(f"M{at} {MIDDLES[letter]}h{length}")
        at += length
    return Markup("".join(f'<path class="{letter}" d="{"".join(runs)}"/>' for letter, runs in paths.items()))  # noqa: S704  # letters and numbers of our own


@lru_cache(4096)
def tell_days(days: str) -> str:
    """The same in words: `long outages on 2 days, not watched on 30`, or that nothing happened."""
    counts = [(phrase, days.count(letter)) for letter, phrase in PHRASES.items()]
    told = [f"{phrase} on {count} {'day' if count == 1 else 'days'}" for phrase, count in counts if count]
    return ", ".join(told) or "no outages"
