"""The ledger holds for every honest service, and for no other."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from generator.ledger import Ledger, Verdict, compare
from generator.scrape import parse_user_actions

KEYS = [(user, action) for user in ("anna@x.example", "bela@x.example") for action in ("create", "read")]
# Per request: whose, what the service really did, and whether we came to know it; None: it never ended.
requests = st.lists(st.tuples(st.sampled_from(KEYS), st.booleans(), st.sampled_from([True, False, None])), max_size=60)
counters = st.fixed_dictionaries({key: st.integers(0, 1000) for key in KEYS})


def play(history: list[tuple[tuple[str, str], bool, bool | None]]) -> tuple[Ledger, Counter[tuple[str, str]]]:
    ledger, truth = Ledger(), Counter[tuple[str, str]]()
    for key, is_counted, is_known in history:
        ledger.open(key)
        truth[key] += is_counted
        if is_known is False:
            ledger.settle(key, Verdict.UNCERTAIN)
        elif is_known:
            ledger.settle(key, Verdict.COUNTED if is_counted else Verdict.NOT_COUNTED)
    return ledger, truth


@given(history=requests, before=counters)
def test_it_holds_whatever_an_honest_service_did(history: list, before: dict) -> None:
    ledger, truth = play(history)
    after = {key: before[key] + truth[key] for key in KEYS}
    comparison = compare(ledger, before, after, KEYS)
    assert comparison.holds
    assert sum(line.high - line.low for line in comparison.lines) == sum(
        is_known is not True for _, _, is_known in history
    )


@given(history=requests, before=counters, key=st.sampled_from(KEYS), error=st.integers(1, 5))
def test_it_names_a_service_that_counts_too_much(history: list, before: dict, key: tuple, error: int) -> None:
    ledger, truth = play(history)
    after = {each: before[each] + truth[each] for each in KEYS}
    after[key] += error + ledger.uncertain[key]
    differing = compare(ledger, before, after, KEYS).differing
    assert [(line.whose, line.figure) for line in differing] == [key]


@given(history=requests, before=counters)
def test_it_names_a_service_that_forgets(history: list, before: dict) -> None:
    ledger, _ = play(history)
    forgotten = {key for key in KEYS if ledger.counted[key]}
    differing = compare(ledger, before, before, KEYS).differing
    assert {(line.whose, line.figure) for line in differing} == forgotten


def test_people_folded_into_other_are_named_and_not_compared() -> None:
    ledger, _ = play([(KEYS[0], True, True)])
    comparison = compare(ledger, {}, {("other", "create"): 9}, KEYS)
    assert comparison.unnamed == (KEYS[0][0],)
    assert not comparison.holds


def test_counters_are_read_whatever_the_order_of_labels_and_the_names_of_others() -> None:
    text = (
        "# HELP user_actions_total Actions.\n# TYPE user_actions_total counter\n"
        'user_actions_total{action="create",user="anna@x.example"} 3.0\n'
        'user_actions_total{user="anna@x.example",action="read"} 41\n'
        'user_actions_total{action="read",user="odd}\\"name@x.example"} 7\n'
        'user_actions_total{action="read",user="stranger@x.example"} 8\n'
        'other_user_actions_total{action="read",user="anna@x.example"} 9\n'
        'user_actions_total{action="read",user="other"} 1.2e+06\n'
    )
    assert parse_user_actions(text, {"anna@x.example", "other"}) == {
        ("anna@x.example", "create"): 3,
        ("anna@x.example", "read"): 41,
        ("other", "read"): 1_200_000,
    }
