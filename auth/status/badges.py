"""Badges: a service's name and state as a small picture that others put on their pages."""

from functools import lru_cache

from auth.status.services import WORDS
from auth.status.xml import fit
from common.states import State

COLORS: dict[State, str] = {  # white on each of them reads well
    "operational": "#1a7f4b",
    "degraded": "#8a5a00",
    "partial_outage": "#b24a00",
    "major_outage": "#b3261e",
    "maintenance": "#1c2227",
    "unknown": "#5f6a73",
}
PADDING = 7
NAME_LENGTH = 60
# Advance widths of Verdana at 11 px by kind of sign; the text is then made to fit exactly by its textLength.
NARROW, WIDE = set("iljtfI.,:;'|!()[] "), set("mwMW%@")
NARROW_PX, USUAL_PX, WIDE_PX, FULL_PX = 4.6, 7.0, 10.4, 11.0


@lru_cache(1024)
def draw_badge(name: str, state: State) -> bytes:
    """The badge as SVG."""
    shown = name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"
    word = WORDS[state]
    left, right = text_width(shown), text_width(word)
    split, whole = left + 2 * PADDING, left + right + 4 * PADDING
    label = fit(f"{shown}: {word}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{label}">'
        f"<title>{label}</title>"
        f'<clipPath id="r"><rect width="{whole}" height="20" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{split}" height="20" fill="#3b444b"/>'
        f'<rect x="{split}" width="{whole - split}" height="20" fill="{COLORS[state]}"/></g>'
        f'<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{PADDING}" y="14" textLength="{left}">{fit(shown)}</text>'
        f'<text x="{split + PADDING}" y="14" textLength="{right}">{word}</text></g></svg>'
    ).encode()


def text_width(text: str) -> int:
    """About how wide a text is, in pixels."""
    return round(sum(_sign_width(sign) for sign in text))


def _sign_width(sign: str) -> float:
    if sign in NARROW:
        return NARROW_PX
    if sign in WIDE:
        return WIDE_PX
    return USUAL_PX if ord(sign) < 0x1100 else FULL_PX
