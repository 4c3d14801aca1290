"""Who acts when an arrival comes, and what they do: pure functions of the people's state, the arrival and the time.

An arrival is never held back: who is busy signing in is replaced by somebody free, and if there is nobody, a visitor
without an account looks at the first page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from generator.actions import LENDING, Kind
from generator.arrivals import Arrival
from generator.lending.term import rhythm
from generator.lending.wishes import Wish, grant
from generator.moments import Moment
from generator.people import MOST_OWNED, Person

MOST_ASKED = 16
# Often enough to be seen, too rare to make the service slow this person's own sign-in for long.
SECONDS_BETWEEN_MISTYPINGS = 120.0


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that `person` (None: a visitor without an account) is about to do.

    `subject` is the number of the resource, book or loan that it is about.
    """

    kind: Kind
    person: Person | None
    grain: int
    subject: int | None = None


def choose(people: Sequence[Person], arrival: Arrival, moment: Moment) -> Action:
    """What this arrival becomes."""
    person = _free_person(people, arrival.person, moment.elapsed)
    if person is None:
        return Action(Kind.VISIT, None, arrival.grain)
    needed = _needed(person, moment.elapsed)
    kind, subject = (needed, None) if needed else _granted(person, arrival, moment)
    return Action(kind, person, arrival.grain, subject)


def _granted(person: Person, arrival: Arrival, moment: Moment) -> Wish:
    """What this person feels like doing, or the nearest that they can do."""
    kind = person.inclination(arrival.luck, rhythm(moment.share_of_term))
    if kind in LENDING:
        return grant(kind, person.shelf, arrival.grain, moment.clock)
    kind = _possible(person, kind, moment.elapsed)
    return kind, _resource_of(kind, person, arrival.grain)


def _free_person(people: Sequence[Person], first: int, now: float) -> Person | None:
    asked = (people[(first + step) % len(people)] for step in range(min(MOST_ASKED, len(people))))
    return next((person for person in asked if person.is_free(now)), None)


def _needed(person: Person, now: float) -> Kind | None:
    """What has to come first, before this person can do anything of choice."""
    if not person.is_registered:
        return Kind.REGISTER
    if person.session is None:
        return Kind.SIGN_IN
    if person.session.renew_at > now:
        return None
    return Kind.REFRESH if person.session.refresh else Kind.SIGN_IN


def _possible(person: Person, kind: Kind, now: float) -> Kind:
    """The wanted kind, or the nearest one that this person can do now."""
    if kind is Kind.CREATE and len(person.owned) >= MOST_OWNED:
        return Kind.DELETE
    if kind in (Kind.UPDATE, Kind.DELETE) and not person.owned:
        return Kind.CREATE
    if kind is Kind.FORBIDDEN_UPDATE and not person.others:
        return Kind.READ
    if kind is Kind.WRONG_PASSWORD and now - person.mistyped_at < SECONDS_BETWEEN_MISTYPINGS:
        return Kind.READ
    return kind


def _resource_of(kind: Kind, person: Person, grain: int) -> int | None:
    if kind in (Kind.UPDATE, Kind.DELETE):
        return person.owned[grain % len(person.owned)]
    if kind is Kind.FORBIDDEN_UPDATE:
        return person.others[grain % len(person.others)]
    return None
