"""What a button may not do, or what is gone that it was for, is no fault of the page that holds it: it is said there,
and nothing is done.
"""

from collections.abc import Callable

from auth.database import db
from auth.http.problems import Problem, refusal_of
from auth.pages.room import Done

REFUSED = frozenset({403, 404, 409})


def or_say_why(way_back: str, act: Callable[[], Done]) -> Done:
    """What came of an act; where a rule forbids it or a thing is gone, the way back to the button, with the reason."""
    try:
        return act()
    except Exception as error:
        refused = error if isinstance(error, Problem) else refusal_of(error)
        if refused is None or refused.status not in REFUSED:
            raise
        db.session.rollback()
        return Done(way_back, f"Nothing was done: {refused.detail}.", is_refused=True)
