"""How the state of a group follows from its members'."""

import pytest

from common.states import State, group_state

WORDS: dict[str, State] = {
    "o": "operational",
    "d": "degraded",
    "p": "partial_outage",
    "m": "major_outage",
    "w": "maintenance",
    "u": "unknown",
}


@pytest.mark.parametrize(
    ("members", "state"),
    [
        ("", "u"),
        ("ooo", "o"),
        ("ood", "d"),
        ("oom", "p"),
        ("odm", "p"),
        ("mmm", "m"),
        ("mmu", "p"),
        ("mmw", "m"),
        ("mmp", "p"),
        ("oop", "p"),
        ("www", "w"),
        ("oow", "o"),
        ("oou", "u"),
        ("odu", "d"),
        ("uw", "u"),
    ],
)
def test_a_group_is_as_its_members_are(members: str, state: str) -> None:
    assert group_state(WORDS[member] for member in members) == WORDS[state]
    assert group_state(WORDS[member] for member in reversed(members * 2)) == WORDS[state]
