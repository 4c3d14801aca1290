"""The API as its consumers use it, for tests: people who register, sign in and call."""

import itertools
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.rollback import OuterTransaction

PASSWORD = "correct horse battery"

_numbers = itertools.count(1)


@dataclass
class Person:
    """Someone with an account and a token."""

    api: "Api"
    email: str
    token: str
    id: str

    @property
    def bearer(self) -> dict[str, str]:
        """The header that says who they are."""
        return {"Authorization": f"Bearer {self.token}"}

    def call(self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None) -> TestResponse:
        """A call in their name."""
        return self.api.call(method, path, json, {**self.bearer, **(headers or {})})


class Api:
    """Calls to an app, and SQL in its transaction."""

    def __init__(self, client: FlaskClient, connection: OuterTransaction) -> None:
        self.client = client
        self._connection = connection

    def call(self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None) -> TestResponse:
        """A call with a JSON body, when one is given."""
        return self.client.open(path, method=method, json=json, headers=headers)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement gives within the test's transaction."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            found = list(cursor.fetchall()) if cursor.description else []
        self._connection.commit()  # else the app's next rollback would undo it
        return found

    def collect(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement of the collector's gives within the test's transaction."""
        with self._connection.as_collector():
            return self.rows(statement, *values)

    def one(self, statement: str, *values: Any) -> Any:
        """The only value of the only row."""
        [(value,)] = self.rows(statement, *values)
        return value

    def person(self, **rights: Any) -> Person:
        """A new account, signed in; `rights` are columns to set, such as role and is_staff."""
        email = f"person-{next(_numbers)}@example.com"
        assert self.call("POST", "/register", {"email": email, "password": PASSWORD}).status_code == 201
        user_id = self.one("SELECT id::text FROM app_users WHERE email = %s", email)
        for column, value in rights.items():
            self.rows(f"UPDATE app_users SET {column} = %s WHERE id = %s", value, user_id)
        return Person(self, email, self.login(email), user_id)

    def login(self, email: str, password: str = PASSWORD) -> str:
        """A bearer token from /login."""
        answer = self.call("POST", "/login", {"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        token: str = answer.get_json()["token"]
        return token

    def admin(self) -> Person:
        """An administrator."""
        return self.person(is_staff=True, role="admin")

    def staff(self) -> Person:
        """Staff that is no admin."""
        return self.person(is_staff=True, role="librarian")
