"""The people: the same again for a seed, and never up to anything they cannot do."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from generator.actions import LENDING, Kind
from generator.arrivals import Arrival
from generator.choices import choose
from generator.moments import Moment
from generator.people import MOST_OWNED, Person, Session, make_people
from generator.personas import PERSONAS

NOON = Moment(100, datetime(2026, 3, 1, 12, tzinfo=UTC))

lives = st.fixed_dictionaries(
    {
        "is_registered": st.booleans(),
        "is_entering": st.booleans(),
        "session": st.none() | st.builds(Session, st.just("token"), st.floats(0, 200), st.none() | st.just("refresh")),
        "rests_until": st.floats(0, 200),
        "owned": st.lists(st.integers(1, 99), max_size=MOST_OWNED, unique=True),
    }
)
luck = st.floats(0, 1, exclude_max=True)
grains = st.integers(0, 2**32 - 1)


def people_with(states: list[dict]) -> list[Person]:
    people = make_people(len(states), seed=0)
    for person, state in zip(people, states, strict=True):
        for name, value in state.items():
            setattr(person, name, value)
        person.others.append(100)
    return people


@given(count=st.integers(1, 40), more=st.integers(0, 40), seed=st.integers(0, 1000))
def test_a_larger_crowd_has_the_smaller_ones_accounts(count: int, more: int, seed: int) -> None:
    few, many = make_people(count, seed), make_people(count + more, seed)
    assert [(one.email, one.password) for one in few] == [(one.email, one.password) for one in many[:count]]


def test_everybody_has_an_address_of_their_own_and_an_acceptable_password() -> None:
    crowd = make_people(500, seed=0) + make_people(500, seed=1)
    assert len({person.email for person in crowd}) == 1000
    assert all(person.email.endswith("@demo.watchhouse.example") for person in crowd)
    assert all(8 <= len(person.password) <= 128 for person in crowd)


@given(states=st.lists(lives, min_size=1, max_size=20), first=st.integers(0, 19), luck=luck, grain=grains)
def test_nobody_is_sent_to_do_what_they_cannot(states: list[dict], first: int, luck: float, grain: int) -> None:
    action = choose(people_with(states), Arrival(0, first % len(states), luck, grain), NOON)
    person = action.person
    if person is None:
        assert action.kind is Kind.VISIT
        return
    assert person.is_free(100)
    assert person.is_registered or action.kind is Kind.REGISTER
    if action.kind not in (Kind.REGISTER, Kind.SIGN_IN, Kind.REFRESH):
        assert person.session is not None
        assert person.session.renew_at > 100
    if action.kind not in LENDING:
        assert (action.subject in person.owned) == (action.kind in (Kind.UPDATE, Kind.DELETE))
    assert action.kind is not Kind.CREATE or len(person.owned) < MOST_OWNED


@given(states=st.lists(lives, min_size=1, max_size=10), luck=luck, grain=grains)
def test_an_arrival_is_never_held_back(states: list[dict], luck: float, grain: int) -> None:
    people = people_with([state | {"is_entering": True} for state in states])
    assert choose(people, Arrival(0, 0, luck, grain), NOON).kind is Kind.VISIT


def test_personas_act_by_their_weights() -> None:
    for person in make_people(30, seed=3):
        seen = Counter(person.inclination(step / 5000, {}) for step in range(5000))
        whole = sum(person.persona.weights.values())
        for kind, weight in person.persona.weights.items():
            assert 0.6 < seen[kind] / 5000 / (weight / whole) < 1.6
    assert {person.persona.name for person in make_people(100, seed=0)} == {persona.name for persona in PERSONAS}
