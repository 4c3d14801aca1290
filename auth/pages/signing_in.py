"""Sign-in pages: a form that lets people in, and a button that lets them out. Knows not what is behind the door."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from auth.accounts.signing_in import sign_in
from auth.http.body import Form
from auth.http.problems import Problem, note, wants_html
from auth.pages import session
from auth.pages.room import to
from auth.pages.views import page
from sql.models import User


class SignInForm(Form):
    """Who signs in."""

    username: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=128)]
    csrf_token: str


class SignOutForm(Form):
    """The proof that our own page asks for it."""

    csrf_token: str


@dataclass(frozen=True)
class Door:
    """A way in: its page, what is behind it, and whom it lets through (by raising Problem 403 for others)."""

    kind: session.Kind
    title: str
    path: str
    inside: str
    admit: Callable[[User], None]

    def show(self) -> Response:
        """The form to sign in."""
        return self._page("", "")

    def let_in(self, body: SignInForm) -> Any:
        """Open a session for a right password, or show the form once more with the reason in words."""
        session.demand_csrf(body.csrf_token)
        try:
            user, attempt = sign_in(body.username, body.password)
            self.admit(user)
        except Problem as problem:
            if not wants_html():
                raise
            note(problem)
            refused = self._page(body.username, problem.detail, problem.status)
            refused.headers.update(problem.headers)
            return refused
        session.open_session(user, self.kind, attempt)
        return to(self.inside)

    def let_out(self, body: SignOutForm) -> Response:
        """End the session."""
        session.demand_csrf(body.csrf_token)
        session.close_session()
        return to(self.path)

    def _page(self, username: str, fault: str, status: int = 200) -> Response:
        return page(
            "sign_in.html",
            status,
            title=self.title,
            action=self.path,
            csrf_token=session.csrf_token(),
            username=username,
            fault=fault,
        )
