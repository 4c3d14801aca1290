"""The pure parts of the status page: colours that can be read, bars that show their days, sums, and its file."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from re import findall

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth.http.numbers import round_down
from auth.status.badges import text_width
from auth.status.bars import draw_bars, tell_days
from auth.status.day import STEP, STEPS, since_of, watched_seconds
from auth.status.look import SIGN_CONTRAST, SURFACES, TEXT_CONTRAST, contrast, legible, style_of, text_on, to_color
from auth.status.publishing import age_step, tell_age
from auth.status.services import DAYS, shift_days
from auth.status.snapshot import NoSnapshot, Snapshot, form_of, pack, unpack

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
LETTERS = st.text("odpmwu", min_size=DAYS, max_size=DAYS)
SPAN = st.tuples(st.booleans(), st.floats(0, STEPS * 600 - 1), st.floats(1, 20_000))
KEPT = Snapshot(1.5, "then", {"page": form_of(b"<p>"), "feed": form_of(b"")}, {"1": ("A", "unknown")})


@given(COLORS, COLORS, COLORS, COLORS)
@settings(max_examples=100)
def test_any_choice_of_colours_can_be_read(primary: str, success: str, warning: str, danger: str) -> None:
    style = dict(part.removeprefix("--").split(":") for part in style_of(primary, success, warning, danger).split(";"))
    for name, color in style.items():
        state, _, place = name.rpartition("-")
        if place in SURFACES:
            needed = TEXT_CONTRAST if state == "primary" else SIGN_CONTRAST
            assert contrast(to_color(color), to_color(SURFACES[place])) >= needed, name
        if place == "on":
            assert contrast(to_color(color), to_color(style[state])) >= TEXT_CONTRAST, name


@pytest.mark.parametrize(("color", "on"), [("#1a7f4b", "#ffffff"), ("#ffee00", "#000000"), ("#000000", "#ffffff")])
def test_a_colour_that_can_be_read_stays(color: str, on: str) -> None:
    assert text_on(color) == on
    assert legible(color, on, TEXT_CONTRAST) == color


@given(LETTERS)
@settings(max_examples=100)
def test_bars_show_every_day_once(days: str) -> None:
    shown = [""] * DAYS
    for letter, strokes in findall(r'<path class="(\w)" d="([^"]*)"/>', draw_bars(days)):
        for start, length in findall(r"M(\d+) [\d.]+h(\d+)", strokes):
            for day in range(int(start), int(start) + int(length)):
                assert shown[day] == ""
                shown[day] = letter
    assert "".join(shown) == days


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ("o" * 90, "no outages"),
        ("o" * 89 + "m", "long outages on 1 day"),
        ("u" * 60 + "o" * 28 + "pp", "short outages on 2 days, not watched on 60 days"),
    ],
)
def test_bars_are_told_in_words(days: str, told: str) -> None:
    assert tell_days(days) == told


@pytest.mark.parametrize(
    ("days", "ago", "shown"),
    [("o" * 90, 0, "o" * 90), ("o" * 90, 2, "o" * 88 + "uu"), ("", 0, "u" * 90), ("om", 1, "u" * 87 + "omu")],
    ids=["today's", "of two days ago", "none yet", "few"],
)
def test_days_end_today(days: str, ago: int, shown: str) -> None:
    assert shift_days(days, ago) == shown


@given(st.lists(SPAN, max_size=8))
@settings(max_examples=100)
def test_time_watched_is_what_its_spans_cover(spans: list[tuple[bool, float, float]]) -> None:
    cut = [(is_up, begins, min(begins + length, STEPS * 600)) for is_up, begins, length in spans]
    groups = [(is_up, int(a // 600), int(b // 600), 1, a % 600, b % 600) for is_up, a, b in cut]
    up, down = watched_seconds(groups)
    for kind, seconds in ((True, up), (False, down)):
        for step in range(0, STEPS, 7):
            low, high = step * 600, step * 600 + 600
            covered = sum(max(0.0, min(b, high) - max(a, low)) for is_up, a, b in cut if is_up is kind)
            assert seconds[step] == pytest.approx(covered, abs=1e-6)


@given(st.integers(0, 10**15))
@settings(max_examples=100)
def test_the_day_begins_on_the_clock_and_holds_now(microseconds: int) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    since = since_of(now)
    assert (since.minute % 10, since.second, since.microsecond) == (0, 0, 0)
    assert timedelta(0) <= now - (since + (STEPS - 1) * STEP) < STEP


@pytest.mark.parametrize(("value", "shown"), [(99.999, 99.99), (100.0, 100.0), (99.95, 99.95), (0.0, 0.0)])
def test_a_percentage_is_cut_not_rounded(value: float, shown: float) -> None:
    assert round_down(value) == shown


def test_an_age_is_told_in_steps_that_never_exaggerate() -> None:
    steps = [age_step(age) for age in range(0, 5000, 7)]
    assert all(a <= b for a, b in pairwise(steps))
    assert all(step <= age for step, age in zip(steps, range(0, 5000, 7), strict=True))
    assert [tell_age(seconds) for seconds in (30, 60, 150, 7200, 90_000)] == [
        "30 seconds ago", "1 minute ago", "2 minutes ago", "2 hours ago", "1 day ago",
    ]  # fmt: skip


def test_a_snapshot_survives_its_file() -> None:
    assert unpack(pack(KEPT)) == KEPT


@given(st.integers(0, len(pack(KEPT)) - 1), st.integers(1, 255))
@settings(max_examples=100)
def test_a_torn_or_changed_file_is_none(at: int, change: int) -> None:
    whole = pack(KEPT)
    for broken in (whole[:at], whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :]):
        with pytest.raises(NoSnapshot):
            unpack(broken)


def test_wide_signs_need_more_room() -> None:
    assert text_width("iiii") < text_width("aaaa") < text_width("mmmm") < text_width("日日日日")
