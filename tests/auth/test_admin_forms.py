"""What stands between staff's forms and the API's words: there and back again gives what there was."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth.admin.demands import CHOICES, Row, to_assertion, to_row
from auth.admin.repetition import ORDINALS, WEEKDAYS, Repetition, to_repetition, to_rule
from auth.figures.charts import DATABASE, HOST, chart_processes, chart_subject
from auth.pages.wall_clock import in_zone, wall_clock
from common.assertions import parse_assertions
from common.recurrence import parse_rule

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1, max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
EVERY = st.integers(1, 366).map(str)
PLAIN = st.one_of(
    st.builds(Repetition, st.just("daily"), EVERY),
    st.builds(Repetition, st.just("weekly"), EVERY, st.lists(st.sampled_from([*WEEKDAYS]), unique=True).map(tuple)),
    st.builds(Repetition, st.just("monthly_day"), EVERY, month_day=st.integers(1, 31).map(str) | st.just("-1")),
    st.builds(
        Repetition,
        st.just("monthly_weekday"),
        EVERY,
        ordinal=st.sampled_from([*ORDINALS]),
        weekday=st.sampled_from([*WEEKDAYS]),
    ),
)


@given(value=JSON)
def test_whatever_json_equals_comes_back_as_it_was(value: Any) -> None:
    said = {"kind": "json", "path": "$.a", "equals": value}
    assert to_assertion(to_row(said)) == said


@given(text=TEXTS)
@pytest.mark.parametrize(
    "said", [{"kind": "body_contains", "value": ""}, {"kind": "header", "name": "a", "equals": ""}]
)
def test_whatever_text_is_demanded_comes_back_as_it_was(said: dict[str, str], text: str) -> None:
    whole = {name: value or text for name, value in said.items()}
    assert to_assertion(to_row(whole)) == whole


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_is_one_of_the_apis(choice: str) -> None:
    said = to_assertion(Row(choice, "$.a" if choice.startswith("json") else "name", "5"))
    assert [assertion.told for assertion in parse_assertions([said])] == [said]


@given(chosen=PLAIN)
def test_what_is_said_in_plain_words_is_a_rule_and_comes_back(chosen: Repetition) -> None:
    rule = to_rule(chosen)
    assert rule is not None
    assert parse_rule(rule)
    assert to_repetition(rule) == chosen


@pytest.mark.parametrize("rule", ["FREQ=DAILY;COUNT=3", "FREQ=MONTHLY;BYDAY=5MO", "FREQ=WEEKLY;BYDAY=MO;WKST=SU"])
def test_other_rules_stand_as_they_are(rule: str) -> None:
    assert to_rule(to_repetition(rule)) == rule
    assert to_repetition(rule).repeats == "rule"


@given(moment=st.integers(10**9, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Australia/Lord_Howe"])
@settings(max_examples=50)
def test_a_moment_comes_back_from_the_clock_on_the_wall(zone: str, moment: datetime) -> None:
    """But for the hour that the clock shows twice in autumn: what it shows is the first of the two."""
    back = datetime.fromisoformat(in_zone(wall_clock(moment, zone), zone))
    assert back == moment or (back < moment and wall_clock(back, zone) == wall_clock(moment, zone))


def test_a_chart_leaves_out_what_nobody_measured() -> None:
    points: list[dict[str, Any]] = [{"at": 60, "cpu_percent": 5.0}, {"at": 120, "cpu_percent": None, "load_1m": 0.5}]
    charts = {chart.title: chart for chart in chart_subject(points, HOST)}
    assert charts.keys() == {"Use", "Load"}
    assert charts["Use"].drawn == {"unit": "%", "labels": ["CPU"], "data": [[60, 120], [5.0, None]]}
    line = charts["Use"].lines[0]
    assert (line.last, line.lowest, line.average, line.highest) == (5.0, 5.0, 5.0, 5.0)
    assert chart_subject([], DATABASE) == []


def test_processes_share_their_moments() -> None:
    subjects = {
        "process:b": [{"at": 1, "threads": 3}],
        "process:a": [{"at": 2, "threads": 4}],
        "database": [{"at": 9, "threads": 9}],
    }
    [chart] = chart_processes(subjects)
    assert (chart.title, chart.moments) == ("Threads", [1, 2])
    assert [(line.label, line.values) for line in chart.lines] == [("a", [None, 4]), ("b", [3, None])]
