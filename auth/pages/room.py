"""How a room is made: a group of pages open to whoever signed in, whose forms are taken only from our own pages.

A form is sent, judged as a call of the API would be, and answered with the way to the next page; what was not right
is shown beside its field, on the same page with all that was typed. Knows no room, and not who may enter.
"""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response, flash, request
from pydantic import BaseModel, ConfigDict

from auth.database import db
from auth.http.body import Form
from auth.http.problems import Problem, note, refusal_of, wants_html
from auth.http.route import Routes, View
from auth.pages import session
from auth.pages.views import page
from auth.sign_in import Caller

SEE_OTHER = 303
SAID, REFUSED = "said", "refused"
SHOWN_AGAIN = frozenset({403, 409, 422})
LONGEST_TEXT = 100_000

SignedIn = Callable[[], Caller | None]


class PageForm(Form):
    """The proof that our own page asks, in every form; alone where a button says all."""

    model_config = ConfigDict(str_max_length=LONGEST_TEXT)

    csrf_token: str = ""
    seen: str = ""

    @property
    def mark(self) -> str:
        """What tells whether the thing is still as it was when the form was first shown."""
        return self.seen or hashlib.sha256(self.model_dump_json(exclude={"csrf_token", "seen"}).encode()).hexdigest()


@dataclass(frozen=True)
class Done:
    """What came of a form: the page to go on to, and what is said there; `is_refused` where nothing was done."""

    path: str
    words: str
    is_refused: bool = False


class Faults:
    """What was not right with a form, by the names of the API's fields, and what belongs to none of them."""

    def __init__(self, refused: Problem | None = None) -> None:
        self._by_field: Mapping[str, list[str]] = (refused and refused.errors) or {}
        self.detail = refused.detail if refused else ""

    def of(self, name: str) -> list[str]:
        """The faults of a field and of what it holds."""
        return [
            reason
            for field, reasons in self._by_field.items()
            if field == name or field.startswith(name + ".")
            for reason in reasons
        ]

    def apart_from(self, names: list[str]) -> list[str]:
        """The faults of fields that the form does not show."""
        return [
            f"{field} {'; '.join(reasons)}"
            for field, reasons in self._by_field.items()
            if field.partition(".")[0] not in names
        ]


class Room(Routes):
    """The routes of one room: who is not `signed_in` is sent to `entrance`."""

    def __init__(self, tag: str, entrance: str, signed_in: SignedIn) -> None:
        super().__init__(tag)
        self._entrance = entrance
        self._signed_in = signed_in

    def show(
        self, path: str, *, query: type[BaseModel] | None = None, problems: tuple[int, ...] = ()
    ) -> Callable[[View], View]:
        """Make the decorated function the page at `path`; it is given who asks."""

        def register(view: View) -> View:
            answers = {200: "text/html", SEE_OTHER: None}
            self.add("GET", path, query=query, answers=answers, problems=(403, *problems))(self._guard(view))
            return view

        return register

    def act(
        self, path: str, *, body: type[PageForm] = PageForm, again: View | None = None, page_status: int = SEE_OTHER
    ) -> Callable[[View], View]:
        """Make the decorated function the one that a form at `path` is sent to.

        It returns what came of it, or raises a Problem, with which `again` shows the form once more.
        """

        def register(view: View) -> View:
            answers: dict[int, Any] = {SEE_OTHER: None}
            if page_status != SEE_OTHER:
                answers[page_status] = "text/html"
            taken = self._take_forms(view, again)
            self.add("POST", path, body=body, answers=answers, problems=(403, 404, 409, 503))(taken)
            return view

        return register

    def _guard(self, view: View) -> View:
        wanted = _wanted_of(view)

        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            caller = self._signed_in()
            return view(**wanted(caller=caller, **arguments)) if caller else to(self._entrance)

        return guarded

    def _take_forms(self, view: View, again: View | None) -> View:
        wanted = _wanted_of(view)

        @wraps(view)
        def guarded(body: PageForm, **arguments: Any) -> Any:
            caller = self._signed_in()
            if caller is None:
                return to(self._entrance)
            session.demand_csrf(body.csrf_token)
            try:
                answer = view(**wanted(caller=caller, body=body, **arguments))
                db.session.commit()
            except Exception as error:
                refused = error if isinstance(error, Problem) else refusal_of(error)
                if refused is None or again is None or refused.status not in SHOWN_AGAIN or not wants_html():
                    raise
                db.session.rollback()
                note(refused)
                return again(caller=caller, body=body, refused=refused, **arguments)
            return _go_on(answer) if isinstance(answer, Done) else answer

        return guarded


def demand_unchanged(sent: PageForm, current: PageForm) -> None:
    """Raises Problem 409 when somebody else changed the thing since `sent` was shown: it would be undone unseen."""
    if sent.seen and sent.seen != current.mark:
        raise Problem(409, "Somebody else changed this meanwhile; load the page again to see how it stands now")


def _wanted_of(view: View) -> Callable[..., dict[str, Any]]:
    """What picks the arguments that `view` has a name for: not every page asks who looks at it."""
    names = inspect.signature(view).parameters.keys()
    return lambda **arguments: {name: value for name, value in arguments.items() if name in names}


def _go_on(done: Done) -> Response:
    flash(done.words, REFUSED if done.is_refused else SAID)
    return to(done.path)


def to(path: str) -> Response:
    """The way to another page."""
    return Response(status=SEE_OTHER, headers={"Location": path})


def room_page(template: str, caller: Caller, refused: Problem | None = None, **values: Any) -> Response:
    """A page of a room; with `refused`, what was not right with the form on it."""
    shown = page(
        template,
        refused.status if refused else 200,
        caller=caller,
        csrf_token=session.csrf_token(),
        faults=Faults(refused),
        here=request.path,
        **values,
    )
    shown.headers["Cache-Control"] = "private, no-store"
    return shown
