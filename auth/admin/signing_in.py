"""/admin/login/ and /admin/logout/: staff signs in with a form, and out with a button."""

from typing import Annotated, Any

from flask import Response
from pydantic import Field

from auth.accounts.signing_in import sign_in
from auth.admin import session
from auth.admin.staff import SIGN_IN, to
from auth.http.body import Form
from auth.http.problems import Problem, note, wants_html
from auth.http.route import Routes
from auth.pages.views import page

routes = Routes("admin")


class SignInForm(Form):
    """Who signs in."""

    username: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=128)]
    csrf_token: str


class SignOutForm(Form):
    """The proof that our own page asks for it."""

    csrf_token: str


@routes.add("GET", "/admin/login/", answers={200: "text/html", 303: None}, problems=(403,))
def show_sign_in() -> Any:
    """The form to sign in."""
    if session.signed_in():
        return to("/admin/")
    return page("admin/login.html", csrf_token=session.csrf_token(), username="", fault="")


@routes.add("POST", "/admin/login/", body=SignInForm, answers={303: None}, problems=(401, 403))
def sign_in_staff(body: SignInForm) -> Any:
    """Sign in by e-mail and password; staff only."""
    session.demand_staff_network()
    session.demand_csrf(body.csrf_token)
    try:
        user, attempt = sign_in(body.username, body.password)
        if not user.is_staff:
            raise Problem(403, "These pages are for staff only")
    except Problem as problem:
        if not wants_html():
            raise
        return _refuse(body.username, problem)
    session.open_session(user, attempt)
    return to("/admin/")


@routes.add("POST", "/admin/logout/", body=SignOutForm, answers={303: None}, problems=(403,))
def sign_out_staff(body: SignOutForm) -> Any:
    """Sign out."""
    session.demand_csrf(body.csrf_token)
    session.close_session()
    return to(SIGN_IN)


def _refuse(username: str, problem: Problem) -> Response:
    """The form once more, with the reason in words."""
    note(problem)
    refused = page(
        "admin/login.html", problem.status, csrf_token=session.csrf_token(), username=username, fault=problem.detail
    )
    refused.headers.update(problem.headers)
    return refused
