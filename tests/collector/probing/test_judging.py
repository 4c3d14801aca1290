"""What an answer means: a table of answers and demands, and what holds whatever came."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.probing.hop import Hop, first_hop, next_hop
from collector.probing.judging import BODY_CAP, Answer, is_same, judge, unpack
from collector.probing.phases import Times, part
from collector.probing.target import Target
from common.assertions import parse_assertions

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
BODY = b'{"status": "up", "n": 7, "on": true, "none": null, "list": [1, {"a": 2.0}]}'
ANSWER = Answer(
    status=200,
    duration_ms=120.0,
    at=NOW,
    headers=(("Content-Type", "application/json; charset=utf-8"), ("X-Many", "one"), ("x-many", "two")),
    body=BODY,
    certificate_expires_at=NOW + timedelta(days=14, hours=12),
)
ENDPOINT = Target(1, "Front", "https://example.com/")


def demanding(*said: dict[str, Any]) -> Target:
    """An endpoint with these assertions."""
    return replace(ENDPOINT, assertions=parse_assertions(list(said)))


@pytest.mark.parametrize(
    ("said", "holds", "observed"),
    [
        ({"kind": "body_contains", "value": '"up"'}, True, BODY.decode()),
        ({"kind": "body_contains", "value": "down"}, False, BODY.decode()),
        ({"kind": "body_matches", "pattern": r'"n":\s*\d'}, True, BODY.decode()),
        ({"kind": "body_matches", "pattern": "^up"}, False, BODY.decode()),
        ({"kind": "header", "name": "content-TYPE", "contains": "json"}, True, "application/json; charset=utf-8"),
        ({"kind": "header", "name": "x-many", "equals": "one, two"}, True, "one, two"),
        ({"kind": "header", "name": "x-many", "matches": "three"}, False, "one, two"),
        ({"kind": "header", "name": "x-none", "contains": "a"}, False, None),
        ({"kind": "json", "path": "$.status", "equals": "up"}, True, '"up"'),
        ({"kind": "json", "path": "$.status", "matches": "^u"}, True, '"up"'),
        ({"kind": "json", "path": "$.n", "matches": "7"}, False, "7"),
        ({"kind": "json", "path": "$.n", "at_least": 7}, True, "7"),
        ({"kind": "json", "path": "$.n", "at_most": 6.5}, False, "7"),
        ({"kind": "json", "path": "$.on", "at_least": 1}, False, "true"),
        ({"kind": "json", "path": "$.on", "equals": 1}, False, "true"),
        ({"kind": "json", "path": "$.none", "equals": None}, True, "null"),
        ({"kind": "json", "path": "$.gone", "equals": None}, False, None),
        ({"kind": "json", "path": "$.list", "equals": [1, {"a": 2}]}, True, '[1,{"a":2.0}]'),
        ({"kind": "certificate_days", "at_least": 14}, True, 14.5),
        ({"kind": "certificate_days", "at_least": 15}, False, 14.5),
        ({"kind": "latency", "at_most_ms": 120}, True, 120.0),
        ({"kind": "latency", "at_most_ms": 119}, False, 120.0),
    ],
)
def test_it_keeps_what_was_observed(said: dict[str, Any], holds: bool, observed: Any) -> None:
    verdict = judge(demanding(said), ANSWER)
    assert verdict.assertions == [{"assertion": said, "observed": observed, "holds": holds}]
    assert (verdict.outcome, verdict.reason) == (("operational", None) if holds else ("major_outage", "assertion"))


def test_all_assertions_are_looked_at_whatever_the_status() -> None:
    target = demanding({"kind": "latency", "at_most_ms": 1}, {"kind": "body_contains", "value": "up"})
    verdict = judge(target, replace(ANSWER, status=503))
    assert (verdict.reason, verdict.detail) == ("status", "answered 503, expected 2xx")
    assert [found["holds"] for found in verdict.assertions or []] == [False, True]


def test_a_slow_answer_is_degraded_and_says_so() -> None:
    verdict = judge(replace(ENDPOINT, degraded_after_ms=100.0), ANSWER)
    assert (verdict.outcome, verdict.detail) == ("degraded", "took 120 ms, slow is over 100 ms")


def test_what_could_not_be_seen_whole_is_too_large_only_when_it_matters() -> None:
    seen, unseen = {"kind": "body_contains", "value": "up"}, {"kind": "body_contains", "value": "needle"}
    long = replace(ANSWER, is_cut=True)
    assert judge(demanding(seen), long).outcome == "operational"
    assert judge(demanding(unseen), long).reason == "too_large"
    assert judge(demanding({"kind": "json", "path": "$.n", "equals": 7}), replace(long, body=BODY[:9])).reason == (
        "too_large"
    )


@given(
    st.binary(max_size=200),
    st.lists(st.tuples(st.sampled_from(["Content-Type", "Content-Encoding", "X"]), st.text(max_size=20)), max_size=3),
)
def test_no_answer_is_too_odd_to_be_judged(body: bytes, headers: list[tuple[str, str]]) -> None:
    target = demanding(
        {"kind": "body_contains", "value": "x"},
        {"kind": "body_matches", "pattern": "x"},
        {"kind": "json", "path": "$.a", "equals": 1},
        {"kind": "header", "name": "X", "matches": "y"},
    )
    verdict = judge(target, replace(ANSWER, body=body, headers=tuple(headers)))
    for found in verdict.assertions or []:
        assert found["observed"] is None or ("\0" not in found["observed"] and len(found["observed"]) <= 200)
    assert verdict.outcome in {"operational", "major_outage"}


@given(st.sampled_from(["gzip", "deflate", "br", "", None]), st.binary(max_size=100))
def test_unpacking_never_fails(encoding: str | None, body: bytes) -> None:
    unpacked, _ = unpack(body, encoding)
    assert len(unpacked) <= BODY_CAP


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_equality_of_json_knows_true_from_one(value: Any) -> None:
    assert is_same(value, value)
    assert not is_same([value, True], [value, 1])


@given(st.lists(st.floats(0, 100), min_size=5, max_size=5), st.booleans())
def test_phases_are_never_negative(clocks: list[float], is_tls: bool) -> None:
    phases = part(Times(*clocks), is_tls=is_tls)
    found = (phases.connect_ms, phases.tls_ms, phases.wait_ms, phases.transfer_ms)
    assert all(phase is None or phase >= 0 for phase in found)


@given(st.lists(st.floats(0.001, 1), min_size=4, max_size=4))
def test_phases_add_up_to_the_whole(steps: list[float]) -> None:
    connected, secured, first, total = (sum(steps[: place + 1]) for place in range(4))
    phases = part(Times(0.0, connected, secured, first, total), is_tls=True)
    parts = (phases.connect_ms, phases.tls_ms or 0, phases.wait_ms or 0, phases.transfer_ms or 0)
    assert sum(parts) == pytest.approx(total * 1000)


@pytest.mark.parametrize("value", ["a\r\nHost: other", "f\u00fcr"])
def test_a_header_with_a_line_break_or_beyond_ascii_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="line break, or signs beyond ASCII"):
        Target(1, "Front", "http://example.com/", headers={"X": value})


@pytest.mark.parametrize(
    ("method", "status", "expected"),
    [
        ("POST", 301, ("GET", None)),
        ("POST", 303, ("GET", None)),
        ("PUT", 302, ("PUT", b"x")),
        ("PUT", 303, ("GET", None)),
        ("POST", 307, ("POST", b"x")),
        ("POST", 308, ("POST", b"x")),
    ],
)
def test_a_redirect_keeps_method_and_body_as_browsers_do(
    method: str, status: int, expected: tuple[str, bytes | None]
) -> None:
    target = replace(ENDPOINT, method=method, body=b"x")
    found = next_hop(target, first_hop(target, 0.0), status, "https://example.com/next", 1.0)
    assert isinstance(found, Hop)
    assert (found.method, found.body) == expected
