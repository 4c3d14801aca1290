"""/admin/: staff signs in, looks around, signs out; in a demo it also reads all mail."""

from typing import Annotated, Any

from flask import Response
from pydantic import Field

from auth.accounts.signing_in import sign_in
from auth.admin import session
from auth.database import run_alone
from auth.house import house
from auth.http.body import Form
from auth.http.problems import Problem, wants_html
from auth.http.route import Routes
from auth.pages.views import page
from sql.statements import load

routes = Routes("admin")
outbox = load("outbox")

SEE_OTHER = 303
MOST_MAILS = 100


class SignInForm(Form):
    """Who signs in."""

    username: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=128)]
    csrf_token: str


class SignOutForm(Form):
    """The proof that our own page asks for it."""

    csrf_token: str


@routes.add("GET", "/admin/", answers={200: "text/html", 303: None}, problems=(403,))
def show_admin() -> Any:
    """Staff's first page; whoever is not signed in is sent to do so."""
    caller = session.signed_in()
    if caller is None:
        return _to("/admin/login/")
    return page("admin.html", caller=caller, csrf_token=session.csrf_token())


@routes.add("GET", "/admin/login/", answers={200: "text/html", 303: None}, problems=(403,))
def show_sign_in() -> Any:
    """The form to sign in."""
    if session.signed_in():
        return _to("/admin/")
    return page("login.html", csrf_token=session.csrf_token(), username="", fault="")


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
    return _to("/admin/")


@routes.add("POST", "/admin/logout/", body=SignOutForm, answers={303: None}, problems=(403,))
def sign_out_staff(body: SignOutForm) -> Any:
    """Sign out."""
    session.demand_csrf(body.csrf_token)
    session.close_session()
    return _to("/admin/login/")


@routes.add("GET", "/admin/mailbox/", answers={200: "text/html", 303: None}, problems=(403, 404))
def show_mailbox() -> Any:
    """The newest mails, in a demo: elsewhere they are their recipients' own."""
    if not house().settings.is_demo:
        raise Problem(404, "There is a mailbox only in a demo")
    caller = session.signed_in()
    if caller is None:
        return _to("/admin/login/")
    columns = ("id", "recipient", "subject", "body", "status", "created_at", "finished_at", "last_error")
    mails = [dict(zip(columns, row, strict=True)) for row in run_alone(outbox.list_mailbox, most=MOST_MAILS)]
    return page("mailbox.html", caller=caller, csrf_token=session.csrf_token(), mails=mails)


def _refuse(username: str, problem: Problem) -> Response:
    """The form once more, with the reason in words."""
    refused = page(
        "login.html", problem.status, csrf_token=session.csrf_token(), username=username, fault=problem.detail
    )
    refused.headers.update(problem.headers)
    return refused


def _to(path: str) -> Response:
    return Response(status=SEE_OTHER, headers={"Location": path})
