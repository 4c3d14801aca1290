"""/admin/login/ and /admin/logout/: staff signs in with a form, and out with a button."""

from typing import Any

from auth.admin.staff import SIGN_IN, demand_staff_network, signed_in
from auth.http.problems import Problem
from auth.http.route import Routes
from auth.pages.room import to
from auth.pages.signing_in import Door, SignInForm, SignOutForm
from sql.models import User

routes = Routes("admin")


def _admit(user: User) -> None:
    if not user.is_staff:
        raise Problem(403, "These pages are for staff only")


door = Door("admin", "Staff sign-in", SIGN_IN, "/admin/", _admit)


@routes.add("GET", SIGN_IN, answers={200: "text/html", 303: None}, problems=(403,))
def show_sign_in() -> Any:
    """The form to sign in."""
    return to(door.inside) if signed_in() else door.show()


@routes.add("POST", SIGN_IN, body=SignInForm, answers={303: None}, problems=(401, 403))
def sign_in_staff(body: SignInForm) -> Any:
    """Sign in by e-mail and password; staff only."""
    demand_staff_network()
    return door.let_in(body)


@routes.add("POST", "/admin/logout/", body=SignOutForm, answers={303: None}, problems=(403,))
def sign_out_staff(body: SignOutForm) -> Any:
    """Sign out."""
    return door.let_out(body)
