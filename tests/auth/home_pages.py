"""The home as a browser without scripts uses it: somebody's own locks, and those that are shared with them."""

from typing import Any

from tests.auth.staff_pages import HTML, Desk
from tests.support.client import Api, Person
from tests.support.rollback import AS_AUTH

# What a collector would make of a command, at once.
ANSWER = """
CREATE OR REPLACE FUNCTION answer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.status := '{status}'; NEW.reason := {reason}; NEW.counter := 1; NEW.sent_at := now(); NEW.finished_at := now();
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS answer ON device_commands;
CREATE TRIGGER answer BEFORE INSERT ON device_commands FOR EACH ROW EXECUTE FUNCTION answer();
"""


class Home(Desk):
    """Somebody who signed in to their locks."""

    entrance = "/home/login/"

    def __init__(self, api: Api, person: Person | None = None) -> None:
        super().__init__(api, person or api.person())

    @property
    def token(self) -> str:
        """The CSRF token of this browser."""
        return self.form("/home/", "/home/logout/").fields["csrf_token"][0]

    def post(self, path: str, **fields: Any) -> Any:
        """The answer to a form that a page need not hold."""
        return self.api.client.post(path, data={"csrf_token": self.token, **fields}, headers=HTML)


def answer_commands(api: Api, status: str, reason: str | None = None) -> None:
    """Every command comes to this end the moment it is asked for."""
    api.rows("RESET ROLE")
    api.rows(ANSWER.format(status=status, reason=f"'{reason}'" if reason else "NULL"))
    api.rows(AS_AUTH)


def place_of(device: str) -> str:
    """Where a lock's pages begin."""
    return f"/home/devices/{device}/"
