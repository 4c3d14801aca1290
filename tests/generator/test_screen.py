"""The live screen draws at every size and tells the truth; the lines for pipes too."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from generator.actions import Kind, Outcome
from generator.display import Lines
from generator.run import Plan
from generator.scenarios import SCENARIOS
from generator.screen import BAR_WIDTH, bar, draw, sparkline
from generator.tally import WINDOW_SECONDS, Event, Tally

PLAN = Plan(SCENARIOS["spike"], rate=6, people=20, seed=3, duration=120, concurrency=200)


def busy_tally() -> Tally:
    tally = Tally()
    for step, (kind, outcome) in enumerate((kind, outcome) for kind in Kind for outcome in Outcome):
        tally.arrive(step / 10, is_shed=False)
        tally.finish(Event(step / 10, "Ada Lund", kind, outcome, 403, 0.004, "Noisy Drill"))
    tally.arrive(6, is_shed=True)
    return tally


def drawn(tally: Tally, width: int, height: int) -> str:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    with console.capture() as captured:
        console.print(draw(PLAN, "http://127.0.0.1:5000", tally, 7.0, height))
    return captured.get()


@pytest.mark.parametrize(("width", "height"), [(200, 60), (130, 36), (80, 24), (40, 12), (10, 5)])
@pytest.mark.parametrize("tally", [Tally(), busy_tally()], ids=["nothing yet", "busy"])
def test_it_fits_every_terminal(tally: Tally, width: int, height: int) -> None:
    lines = drawn(tally, width, height).splitlines()
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


def test_it_shows_who_did_what_and_how_it_ended() -> None:
    shown = drawn(busy_tally(), 200, 60)
    expected = ("spike, seed 3", "of 4.0/s", "1 shed", "Ada Lund", "Noisy Drill", "refused 403", "no answer", "4 ms")
    assert [text for text in expected if text not in shown] == []


def test_while_closing_it_says_what_it_waits_for() -> None:
    tally = busy_tally()
    tally.is_closing = True
    assert "waiting for 0 open answers" in drawn(tally, 130, 36)


def test_elsewhere_a_line_tells_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(PLAN, "http://127.0.0.1:5000", to_stderr=False)
    lines.open()
    lines.show(busy_tally(), 7.0)
    first, second = capsys.readouterr().out.splitlines()
    assert first == "20 people, spike at 6/s, seed 3, on http://127.0.0.1:5000"
    kinds = len(Kind)
    assert second.startswith(f"00:00:07  10.0/s  in flight 0  done {kinds}  refused {kinds}  ")
    assert second.endswith("shed 1  p50 4 ms  p95 4 ms  p99 4 ms")


@given(values=st.lists(st.integers(0, 10_000), max_size=60))
def test_sparkline_has_one_sign_a_value_and_the_highest_is_full(values: list[int]) -> None:
    line = sparkline(values)
    assert len(line) == len(values)
    assert max(values, default=0) == 0 or line[values.index(max(values))] == "█"


@given(value=st.integers(0, 1000), more=st.integers(0, 1000))
def test_bar_never_shows_something_as_nothing(value: int, more: int) -> None:
    assert len(bar(value, value + more)) <= BAR_WIDTH
    assert bool(bar(value, value + more)) is bool(value)


@given(moments=st.lists(st.floats(0, 5000), max_size=300).map(sorted))
def test_a_tally_remembers_a_minute_and_counts_everything(moments: list[float]) -> None:
    tally = Tally()
    for moment in moments:
        tally.arrive(moment, is_shed=False)
    newest = moments[-1] if moments else 0
    assert len(tally.seconds) <= WINDOW_SECONDS
    assert tally.arrived == len(moments)
    expected = sum(int(newest) - 10 <= int(moment) < int(newest) for moment in moments)
    assert sum(tally.pulse(newest, 10)) == expected
    assert tally.rate(newest, 10) == pytest.approx(expected / max(1, min(10, int(newest))))
