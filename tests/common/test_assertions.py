"""How people say what they demand of an answer: what is taken, what is refused and why, and at what cost."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.assertions import parse_assertions
from common.json_path import NONE_FOUND, find, parse_path
from common.patterns import LONGEST_TEXT, check_pattern, matches
from common.statuses import parse_statuses


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "body_contains", "value": "ok"},
        {"kind": "body_matches", "pattern": "o.?k"},
        {"kind": "header", "name": "content-type", "contains": "json"},
        {"kind": "header", "name": "Server", "equals": "nginx"},
        {"kind": "json", "path": "$.status", "equals": None},
        {"kind": "json", "path": "$['a b'][-1]", "at_least": 3},
        {"kind": "certificate_days", "at_least": 14},
        {"kind": "latency", "at_most_ms": 500},
    ],
)
def test_it_is_told_again_as_it_was_said(said: dict[str, Any]) -> None:
    assert [found.told for found in parse_assertions([said])] == [said]


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "nothing"},
        {"value": "ok"},
        {"kind": "body_contains", "value": ""},
        {"kind": "body_contains", "value": "x" * 1001},
        {"kind": "body_contains", "value": 1},
        {"kind": "body_contains", "value": "x", "more": 1},
        {"kind": "body_matches", "pattern": "("},
        {"kind": "body_matches", "pattern": "(?=x)"},
        {"kind": "body_matches", "pattern": r"(a)\1"},
        {"kind": "body_matches", "pattern": "x" * 201},
        {"kind": "body_matches", "pattern": "(a{20}){20}"},
        {"kind": "header", "name": "x y", "equals": "z"},
        {"kind": "header", "name": "x"},
        {"kind": "header", "name": "x", "equals": "z", "contains": "z"},
        {"kind": "json", "path": "$.a"},
        {"kind": "json", "path": "a", "equals": 1},
        {"kind": "json", "path": "$..a", "equals": 1},
        {"kind": "json", "path": "$[*]", "equals": 1},
        {"kind": "json", "path": "$.a", "at_least": "3"},
        {"kind": "certificate_days", "at_least": -1},
        {"kind": "latency", "at_most_ms": 0},
    ],
)
def test_it_refuses_what_cannot_be_judged(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        parse_assertions([said])


def test_there_are_at_most_twenty() -> None:
    with pytest.raises(ValueError, match="at most 20"):
        parse_assertions([{"kind": "latency", "at_most_ms": 1}] * 21)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", {"a": [{"b c": 1}, 2]}),
        ("$.a[0]['b c']", 1),
        ('$["a"][0]["b c"]', 1),
        ("$.a[-1]", 2),
        ("$.a[2]", NONE_FOUND),
        ("$.a[-3]", NONE_FOUND),
        ("$.a.b", NONE_FOUND),
        ("$[0]", NONE_FOUND),
    ],
)
def test_a_path_finds_one_value_or_none(path: str, value: Any) -> None:
    found = find(path, {"a": [{"b c": 1}, 2]})
    assert found is value if value is NONE_FOUND else found == value


@given(st.text(max_size=20))
def test_every_name_can_be_written_in_quotes(name: str) -> None:
    escaped = "".join(f"\\u{ord(sign):04x}" if sign in "'\\" or ord(sign) < 32 else sign for sign in name)
    assert parse_path(f"$['{escaped}']") == (name,)


@given(st.text(alphabet="$.[]'\"\\u0a-1 *?@", max_size=30))
def test_a_path_is_read_or_refused_with_a_reason(path: str) -> None:
    try:
        steps = parse_path("$" + path)
    except ValueError as raised:
        steps = (str(raised),)
    assert all(isinstance(step, str | int) for step in steps)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * LONGEST_TEXT + "b"),
        ("(a|a)*$", "a" * LONGEST_TEXT + "b"),
        ("[ab]*a[ab]{100}c", "abbabaabbbab" * 8000),
        (r"(\w?){90}!", "word" * 20_000),
        ("(.*)(.*)(.*)(.*)(.*)(.*)(.*)x", "y" * 80_000),
    ],
)
def test_no_pattern_takes_long(pattern: str, text: str) -> None:
    check_pattern(pattern)
    began = time.thread_time()
    matches(pattern, text)
    assert time.thread_time() - began < 0.25


def test_a_pattern_is_sought_anywhere_and_in_the_first_part_only() -> None:
    assert matches("b+c", "aabbc")
    assert not matches("^b", "ab")
    assert not matches("needle", "x" * LONGEST_TEXT + "needle")


@pytest.mark.parametrize(
    ("listed", "within", "without"),
    [
        (("2xx",), {200, 299}, {199, 300}),
        (("200", "204"), {200, 204}, {201}),
        (("200-204", "3XX"), {200, 204, 301}, {205}),
        ((" 418 ",), {418}, {200}),
    ],
)
def test_it_reads_expected_statuses(listed: tuple[str, ...], within: set[int], without: set[int]) -> None:
    statuses = parse_statuses(listed)
    assert within <= statuses
    assert not without & statuses


@pytest.mark.parametrize("word", ["6xx", "20", "2000", "204-200", "ok", "", "200,201", "xx2"])
def test_it_refuses_what_is_no_status(word: str) -> None:
    with pytest.raises(ValueError, match="is no status"):
        parse_statuses((word,))
