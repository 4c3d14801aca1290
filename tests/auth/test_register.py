"""POST /register and /api/v1/auth/register/."""

import pytest

from tests.support.client import Api

PASSWORD = "correct horse battery"


def test_it_makes_a_student(api: Api) -> None:
    answer = api.call("POST", "/register", {"email": "anna@example.com", "password": PASSWORD})
    assert (answer.status_code, answer.get_json()) == (201, {"message": "User registered successfully"})
    assert api.rows("SELECT role, is_active, is_staff FROM app_users WHERE email = 'anna@example.com'") == [
        ("student", True, False)
    ]


@pytest.mark.parametrize("again", ["anna@example.com", "ANNA@Example.COM"])
def test_it_refuses_a_taken_email_in_any_case_of_letters(api: Api, again: str) -> None:
    api.call("POST", "/register", {"email": "anna@example.com", "password": PASSWORD})
    answer = api.call("POST", "/register", {"email": again, "password": PASSWORD})
    assert answer.status_code == 409
    assert api.one("SELECT count(*) FROM app_users WHERE lower(email) = 'anna@example.com'") == 1
