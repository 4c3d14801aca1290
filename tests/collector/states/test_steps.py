"""What single checks lead to, in words: outages, recovery, gaps, hysteresis, late checks, flapping."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.states.damping import QUIET, Damping
from collector.states.intervals import faults
from collector.states.steps import Change, Observation, Policy, Step, advance, advance_all, fold
from collector.states.track import Track
from common.states import DEGRADED, MAJOR_OUTAGE, OPERATIONAL, UNKNOWN, Outcome

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WORDS: dict[str, Outcome] = {"o": OPERATIONAL, "d": DEGRADED, "m": MAJOR_OUTAGE}
LETTERS = {OPERATIONAL: "o", DEGRADED: "d", MAJOR_OUTAGE: "m", UNKNOWN: "u"}


def observed(second: float, word: str) -> Observation:
    """A check at that second, with evidence for eleven."""
    began_at = START + second * SECOND
    return Observation(began_at, began_at + 2 * SECOND, WORDS[word], began_at + 11 * SECOND)


def every_ten_seconds(words: str) -> list[Observation]:
    """A check every ten seconds; a dot is one that was missed."""
    return [observed(10 * number, word) for number, word in enumerate(words) if word != "."]


def drawn(words: str) -> str:
    """The intervals in time's order, like `o0-20 m20-31`."""
    found = fold(every_ten_seconds(words), START + 10 * len(words) * SECOND)
    return " ".join(
        f"{LETTERS[one.state]}{(one.began_at - START).seconds}-{((one.ended_at or START) - START).seconds}"
        for one in found
    )


def told(words: str) -> list[str]:
    """The changes, like `o>m 20` for one at second 20."""
    step = advance_all(None, every_ten_seconds(words))
    assert step is not None
    return [
        f"{LETTERS[one.before]}>{LETTERS[one.after]} {(one.at - START).seconds}"
        for one in step.changes
        if one.kind == "changed"
    ]


@pytest.mark.parametrize(
    ("checks", "intervals"),
    [
        ("ooo", "o0-30"),
        ("m", "m0-10"),
        ("oomoo", "o0-20 m20-30 o30-50"),
        ("oomo", "o0-20 m20-40"),
        ("oomomoo", "o0-20 m20-50 o50-70"),
        ("oodoo", "o0-50"),
        ("ooddo", "o0-20 d20-50"),
        ("ddoo", "d0-20 o20-40"),
        ("dodo", "d0-40"),
        ("omddd", "o0-10 m10-20 d20-50"),
        ("omdodd", "o0-10 m10-20 o20-40 d40-60"),
        ("omoddd", "o0-10 m10-20 o20-30 d30-60"),
        ("o..o", "o0-11 u11-30 o30-40"),
        ("o..m", "o0-11 u11-30 m30-40"),
        ("o...", "o0-11 u11-40"),
        ("m..oo", "m0-11 u11-30 o30-50"),
        ("m..om", "m0-11 u11-30 m30-50"),
        ("mo..oo", "m0-21 u21-40 o40-60"),
        ("od..do", "o0-21 u21-40 o40-60"),
    ],
)
def test_checks_lead_to_intervals(checks: str, intervals: str) -> None:
    assert drawn(checks) == intervals


@pytest.mark.parametrize(
    ("checks", "changes"),
    [
        ("oo", ["u>o 0"]),
        ("m", ["u>m 0"]),
        ("oomooo", ["u>o 0", "o>m 20", "m>o 30"]),
        ("o..o", ["u>o 0"]),
        ("m..m..oo", ["u>m 0", "m>o 60"]),
        ("oddm", ["u>o 0", "o>d 10", "d>m 30"]),
    ],
)
def test_what_is_told_is_what_was_seen_to_change(checks: str, changes: list[str]) -> None:
    assert told(checks) == changes


def test_an_outage_that_lasts_over_unwatched_time_is_known_since_its_first_failed_check() -> None:
    step = advance_all(None, every_ten_seconds("om..m"))
    assert step is not None
    assert step.track.since == START + 10 * SECOND
    assert step.track.opened_at == START + 40 * SECOND


def test_a_late_or_repeated_check_changes_nothing_and_is_counted() -> None:
    step = advance_all(None, every_ten_seconds("ooo"))
    assert step is not None
    for late in (observed(20, "m"), observed(5, "m")):
        step = advance(step.track, late)
        assert (step.tail, step.changes) == (None, ())
    assert step.track.ignored == 2
    assert step.track.state == OPERATIONAL


def test_evidence_ends_where_the_last_check_says_although_an_earlier_one_reached_further() -> None:
    first, second = observed(0, "o"), observed(10, "o")
    long = Observation(first.began_at, first.ended_at, first.outcome, first.began_at + 3600 * SECOND)
    assert [one.state for one in fold([long, second], START + 60 * SECOND)] == [OPERATIONAL, UNKNOWN]


def flutter(times: int, damping: Damping) -> tuple[Track, list[Change]]:
    """An endpoint that goes down and comes back so many times."""
    step = advance_all(None, every_ten_seconds("o" + "moo" * times), Policy(damping=damping))
    assert step is not None
    return step.track, [change for change in step.changes if change.before != UNKNOWN]


def test_an_endpoint_that_flaps_is_told_once_and_its_changes_are_held_back() -> None:
    _, changes = flutter(6, Damping(most=6))
    assert [change.is_held for change in changes if change.kind == "changed"] == [False] * 6 + [True] * 6
    assert [change.kind for change in changes].count("flapping") == 1
    assert changes[6].kind == "flapping"


def test_flapping_falsifies_no_interval() -> None:
    observations = every_ten_seconds("o" + "moo" * 20)
    loose, strict = (
        advance_all(None, observations, Policy(damping=Damping(most=most))) or pytest.fail("no step")
        for most in (1, 1000)
    )
    assert loose.tail == strict.tail
    assert len(loose.tail or ()) == 41


def test_what_was_steady_for_a_quarter_of_an_hour_flaps_no_more() -> None:
    track, _ = flutter(6, Damping())
    calm = [observed(190 + 10 * number, "o") for number in range(100)]
    step = advance_all(track, calm) or Step(track)
    steady = [change for change in step.changes if change.kind == "steady"]
    assert [(change.after, change.at) for change in steady] == [(OPERATIONAL, START + (180 + 900) * SECOND)]
    assert step.track.outages == QUIET
    assert [change.is_held for change in advance(step.track, observed(1190, "m")).changes] == [False]


def test_time_in_which_nobody_watched_is_no_steady_time() -> None:
    track, _ = flutter(6, Damping())
    after_the_gap = [observed(2000 + 10 * number, "o") for number in range(90)]
    step = advance_all(track, after_the_gap) or Step(track)
    assert step.changes == ()
    assert [change.kind for change in advance(step.track, observed(2900, "o")).changes] == ["steady"]


def test_slowness_that_comes_and_goes_holds_no_outage_back() -> None:
    track = advance_all(None, every_ten_seconds("oo" + "ddoo" * 5)) or pytest.fail("no step")
    assert [change.is_held for change in track.changes if change.kind == "changed"] == [False] * 7 + [True] * 4
    [change] = advance(track.track, observed(220, "m")).changes
    assert (change.after, change.is_held) == (MAJOR_OUTAGE, False)


def test_changes_that_are_hours_apart_are_no_flapping() -> None:
    checks = [observed(3600 * number + 10 * part, word) for number in range(9) for part, word in enumerate("moo")]
    step = advance_all(None, checks) or pytest.fail("no step")
    assert not any(change.is_held for change in step.changes)


moments = st.integers(min_value=-50, max_value=400)
checks = st.lists(st.tuples(moments, st.sampled_from("odm"), st.integers(-20, 60)), max_size=30)


@settings(max_examples=300)
@given(checks, st.integers(1, 29))
def test_any_checks_in_any_order_and_batches_lead_to_one_sound_history(
    found: list[tuple[int, str, int]], size: int
) -> None:
    observations = [
        Observation(START + at * SECOND, START, WORDS[word], START + (at + reach) * SECOND) for at, word, reach in found
    ]
    whole = advance_all(None, observations)
    first = advance_all(None, observations[:size])
    assert (whole is None) == (not observations)
    if whole and first:
        second = advance_all(first.track, observations[size:]) or Step(first.track)
        stored = list(first.tail or ())
        stored = [*stored[:-1], *second.tail] if second.tail else stored
        assert (stored, second.track) == (list(whole.tail or ()), whole.track)
        assert (*first.changes, *second.changes) == whole.changes
        assert faults(stored) == []
        assert Track.from_dict(whole.track.to_dict()) == whole.track
        assert all(one.before != one.after for one in whole.changes if one.kind == "changed")


@given(checks)
def test_changes_are_a_chain(found: list[tuple[int, str, int]]) -> None:
    observations = [
        Observation(START + at * SECOND, START, WORDS[word], START + (at + reach) * SECOND) for at, word, reach in found
    ]
    step = advance_all(None, observations)
    changes = [one for one in step.changes if one.kind == "changed"] if step else []
    assert all((one.after, one.at) < (two.before, two.at) or one.after == two.before for one, two in pairwise(changes))
    assert not step or changes[-1].after == step.track.state


def test_a_track_of_a_newer_version_is_refused() -> None:
    stored = advance(None, observed(0, "o")).track.to_dict() | {"version": 2}
    with pytest.raises(ValueError, match="version 2"):
        Track.from_dict(stored)
