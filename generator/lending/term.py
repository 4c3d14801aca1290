"""A term's rhythm: at its start people mostly borrow, in its middle search and renew, at its end return. Pure."""

from generator.actions import Kind

TERM_SECONDS = 1200.0
MIDDLE = 0.5

# How much likelier each is at the start, in the middle and at the end; straight lines between, and 1 on the mean.
_COURSES: dict[Kind, tuple[float, float, float]] = {
    Kind.BORROW: (2.2, 0.8, 0.2),
    Kind.RESERVE: (1.6, 1.0, 0.4),
    Kind.SEARCH: (0.6, 1.4, 0.6),
    Kind.RENEW: (0.4, 1.6, 0.4),
    Kind.RETURN: (0.2, 0.8, 2.2),
}


def share_of_term(elapsed: float, seconds: float) -> float:
    """How much of the term (0 to 1) is over `elapsed` seconds after the first one began; they follow one another."""
    return elapsed % seconds / seconds


def rhythm(share: float) -> dict[Kind, float]:
    """How much likelier each kind is than on the mean; those that are not named know no terms."""
    return {kind: _at(course, share) for kind, course in _COURSES.items()}


def _at(course: tuple[float, float, float], share: float) -> float:
    start, middle, end = course
    if share < MIDDLE:
        return start + (middle - start) * share / MIDDLE
    return middle + (end - middle) * (share - MIDDLE) / (1 - MIDDLE)
