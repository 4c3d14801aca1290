"""/home/login/ and /home/logout/: everybody signs in with a form, and out with a button."""

from typing import Any

from auth.home.owner import HOME, SIGN_IN
from auth.http.route import Routes
from auth.pages.room import to
from auth.pages.signing_in import Door, SignInForm, SignOutForm
from auth.sign_in import read_cookie_account
from sql.models import User

routes = Routes("home")


def _admit(user: User) -> None:
    """Every account that may sign in at all."""


door = Door("home", "Sign in to your locks", SIGN_IN, HOME, _admit)


@routes.add("GET", SIGN_IN, answers={200: "text/html", 303: None})
def show_home_sign_in() -> Any:
    """The form to sign in."""
    return to(door.inside) if read_cookie_account() else door.show()


@routes.add("POST", SIGN_IN, body=SignInForm, answers={303: None}, problems=(401, 403))
def sign_in_at_home(body: SignInForm) -> Any:
    """Sign in by e-mail and password."""
    return door.let_in(body)


@routes.add("POST", "/home/logout/", body=SignOutForm, answers={303: None}, problems=(403,))
def sign_out_at_home(body: SignOutForm) -> Any:
    """Sign out."""
    return door.let_out(body)
