"""Cookie sessions only where there is, or will be, a cookie: an API call with a bearer token pays nothing for them."""

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

PATHS = ("/admin", "/home")


class CookieSessions(SecureCookieSessionInterface):
    """Flask's signed cookies, for pages that people sign in to and for requests that bring one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the request's cookie, new on paths of such pages, else none."""
        name = self.get_cookie_name(app)
        if request.path.startswith(PATHS) or name in request.environ.get("HTTP_COOKIE", ""):
            return super().open_session(app, request)
        return None
