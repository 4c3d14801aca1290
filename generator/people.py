"""The simulated people: who they are (fixed by the seed) and what each knows at the moment.

It must not know HTTP: calls.py says how a person asks, lessons.py what a person learns from an answer.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate
from random import Random

from generator.actions import Kind
from generator.lending.shelf import Shelf
from generator.personas import PERSONAS, Persona

MOST_OWNED = 25
MOST_REMEMBERED = 25
_DOMAIN = "demo.watchhouse.example"
_FIRST_NAMES = (
    "Ada",
    "Bela",
    "Chidi",
    "Dunja",
    "Emil",
    "Farah",
    "Goran",
    "Hana",
    "Ines",
    "Jonas",
    "Kaito",
    "Leila",
    "Mara",
    "Nils",
    "Oya",
    "Petra",
    "Quentin",
    "Rosa",
    "Sven",
    "Tilda",
    "Umar",
    "Vera",
    "Wanda",
    "Yusuf",
)
_LAST_NAMES = (
    "Abel",
    "Brandt",
    "Cortez",
    "Diallo",
    "Eriksen",
    "Fontana",
    "Gruber",
    "Haddad",
    "Ivanova",
    "Jansen",
    "Kimura",
    "Lund",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Quist",
    "Rossi",
    "Sato",
    "Tanaka",
    "Weiss",
)


@dataclass(frozen=True, slots=True)
class Session:
    """A bearer token, when to renew it (in the person's own clock), and what renews it without a password."""

    token: str
    renew_at: float
    refresh: str | None = None


@dataclass(slots=True, eq=False)
class Person:
    """One simulated person. `uses_app`: signs in by /api/v1 and refreshes; the others use /login again and again."""

    number: int
    email: str
    password: str
    first_name: str
    last_name: str
    persona: Persona
    uses_app: bool
    weights: dict[Kind, float]

    is_registered: bool = False
    is_entering: bool = False
    session: Session | None = None
    rests_until: float = 0.0
    mistyped_at: float = float("-inf")
    cursor: str | None = None
    owned: list[int] = field(default_factory=list)
    held: set[int] = field(default_factory=set)
    gone: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_REMEMBERED))
    others: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_REMEMBERED))
    shelf: Shelf = field(default_factory=Shelf)

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def contact(self) -> str:
        """What this person writes under everything shared; by it a restarted generator knows its own again."""
        return f"Ask {self.email} first"

    def is_free(self, now: float) -> bool:
        """Whether another request can begin: not while signing in, nor while the service asked for a pause."""
        return not self.is_entering and self.rests_until <= now

    def inclination(self, luck: float, rhythm: Mapping[Kind, float]) -> Kind:
        """What this person feels like doing at `luck` (0 to 1), when `rhythm` makes some things likelier."""
        weights = {kind: weight * rhythm.get(kind, 1.0) for kind, weight in self.weights.items()}
        bounds = list(accumulate(weights.values()))
        place = bisect_right(bounds, luck * bounds[-1])
        return list(weights)[min(place, len(bounds) - 1)]


def make_people(count: int, seed: int) -> list[Person]:
    """The people of `seed`; each is the same whatever `count` is, so a larger crowd has the smaller one's accounts."""
    return [_make_person(number, seed) for number in range(1, count + 1)]


def _make_person(number: int, seed: int) -> Person:
    chance = Random(f"{seed}:person:{number}")  # noqa: S311  # a character, no secret
    persona = chance.choices(PERSONAS, [persona.share for persona in PERSONAS])[0]
    return Person(
        number=number,
        email=f"person-{number}@{_DOMAIN}" if seed == 0 else f"person-{number}.seed-{seed}@{_DOMAIN}",
        password=blake2b(f"watchhouse demo {seed} {number}".encode(), digest_size=12).hexdigest(),
        first_name=chance.choice(_FIRST_NAMES),
        last_name=chance.choice(_LAST_NAMES),
        persona=persona,
        uses_app=number % 2 == 0,
        weights={kind: weight * chance.uniform(0.8, 1.2) for kind, weight in persona.weights.items()},
    )
