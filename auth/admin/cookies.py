"""Cookie sessions only where there is, or will be, a cookie: an API call with a bearer token pays nothing for them."""

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

STAFF_PATHS = "/admin"


class CookieSessions(SecureCookieSessionInterface):
    """Flask's signed cookies, for staff's paths and for requests that bring one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the request's cookie, new on staff's paths, else none."""
        name = self.get_cookie_name(app)
        if request.path.startswith(STAFF_PATHS) or name in request.environ.get("HTTP_COOKIE", ""):
            return super().open_session(app, request)
        return None
