"""How the page looks: its settings, and the colours that follow from those that staff chose.

Staff may choose any colour; text and signs stay readable all the same. A colour is darkened or lightened for the ground
that it stands on until it is distinct enough, and what stands on it is black or white, whichever reads better.
"""

from dataclasses import dataclass, fields
from functools import lru_cache, partial
from typing import Any

Color = tuple[int, int, int]

SURFACES = {"day": "#fbfbf9", "night": "#1c2226"}  # the harder one of paper and surface in house.css, for each scheme
SIGN_CONTRAST = 3.0  # WCAG 2.2, 1.4.11
TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
MAINTENANCE, UNKNOWN = "#1c2227", "#6b7680"
STEPS = 32


@dataclass(frozen=True, slots=True)
class Look:
    """What staff choose: columns of `status_page`."""

    title: str
    description: str
    primary_color: str
    success_color: str
    warning_color: str
    danger_color: str
    refresh_seconds: int
    shows_response_times: bool
    shows_uptime: bool
    shows_incidents: bool

    @classmethod
    def of(cls, row: Any) -> "Look":
        """From a row: a mapping, or anything with these attributes."""
        found = row.__getitem__ if isinstance(row, dict) else partial(getattr, row)
        return cls(**{field.name: found(field.name) for field in fields(cls)})

    @property
    def style(self) -> str:
        """The colours as CSS custom properties: `-day` and `-night` for signs, `-on` for text on the colour itself."""
        return style_of(self.primary_color, self.success_color, self.warning_color, self.danger_color)


@lru_cache(32)
def style_of(primary: str, success: str, warning: str, danger: str) -> str:
    """The declarations for an element's `style`."""
    found = [f"--primary-{scheme}:{legible(primary, ground, TEXT_CONTRAST)}" for scheme, ground in SURFACES.items()]
    for state, color in _colors_of_states(success, warning, danger).items():
        found += [f"--{state}:{color}", f"--{state}-on:{text_on(color)}"]
        found += [f"--{state}-{scheme}:{legible(color, ground, SIGN_CONTRAST)}" for scheme, ground in SURFACES.items()]
    return ";".join(found)


def _colors_of_states(success: str, warning: str, danger: str) -> dict[str, str]:
    return {
        "operational": success,
        "degraded": warning,
        "partial_outage": to_hex(mix(to_color(warning), to_color(danger), 0.5)),
        "major_outage": danger,
        "maintenance": MAINTENANCE,
        "unknown": UNKNOWN,
    }


def legible(color: str, ground: str, contrast_needed: float) -> str:
    """The colour nearest to `color` that is distinct enough from `ground`, on the way to black or to white."""
    behind = to_color(ground)
    goal = max(BLACK, WHITE, key=lambda end: contrast(end, behind))
    ways = (mix(to_color(color), goal, step / STEPS) for step in range(STEPS + 1))
    return to_hex(next((found for found in ways if contrast(found, behind) >= contrast_needed), goal))


def text_on(ground: str) -> str:
    """Black or white, whichever reads better on it."""
    return to_hex(max(WHITE, BLACK, key=lambda ink: contrast(ink, to_color(ground))))


def contrast(one: Color, other: Color) -> float:
    """The contrast of two colours as WCAG has it, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mix(color: Color, other: Color, share: float) -> Color:
    """`color` with a share of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(color, other, strict=True))
    return red, green, blue


def to_color(text: str) -> Color:
    """#rrggbb as numbers."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def to_hex(color: Color) -> str:
    """Numbers as #rrggbb."""
    return "#" + bytes(color).hex()


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(part / 255) for part in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
