"""How long to wait before the next try. Pure."""

from datetime import timedelta

FIRST = timedelta(seconds=5)
LONGEST = timedelta(minutes=30)
DOUBLINGS = 16  # far past LONGEST: keeps the power small whatever the count


def delay_after(tries: int, luck: float) -> timedelta:
    """The delay after that many failed tries: doubling up to a limit, and of that a half and some (`luck`, 0 to 1).

    Luck keeps messages that failed together from coming back together.
    """
    doubled: int = 2 ** min(tries - 1, DOUBLINGS)
    whole = min(FIRST * doubled, LONGEST)
    return whole * (0.5 + luck / 2)
