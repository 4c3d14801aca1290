"""A member of staff, as whom `test-monitoring` looks at what only staff may see. Knows none of it."""

from contextlib import suppress
from dataclasses import dataclass

from collector.auth import Page, post, read_page
from collector.errors import AuthError
from collector.settings import Settings

SIGN_IN = "/api/v1/auth/login/"
SIGN_OUT = "/api/v1/auth/logout/"


@dataclass
class Staff:
    """Signs in when the first page is read, once whatever comes of it, and out at the end. Use as a context."""

    settings: Settings
    access: str = ""
    refresh: str = ""
    refusal: str = ""

    def __enter__(self) -> "Staff":
        return self

    def __exit__(self, *_: object) -> None:
        if self.refresh:
            with suppress(AuthError):  # their session ends by itself then
                post(self.settings, SIGN_OUT, {"refresh": self.refresh})

    @property
    def is_named(self) -> bool:
        """Whether the settings say who it is."""
        return bool(self.settings.staff_email)

    def read(self, path: str) -> Page:
        """The answer at a path. Raises AuthError when there is none, or when they are not let in."""
        if not (self.access or self.refusal):
            self._sign_in()
        if self.refusal:
            raise AuthError(self.refusal)
        return read_page(self.settings, path, self.access)

    def _sign_in(self) -> None:
        who = {"email": self.settings.staff_email, "password": self.settings.staff_password}
        page = post(self.settings, SIGN_IN, who)
        if page.status == 200:
            tokens = page.parse()["data"]["tokens"]
            self.access, self.refresh = tokens["access"], tokens["refresh"]
        else:
            self.refusal = f"STAFF_EMAIL, STAFF_PASSWORD: signing in is answered with {page.status}"
