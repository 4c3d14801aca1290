"""The handbook's way to shut out a demo's people when their database is used outside a demo."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import requests

from tests.support.databases import Database
from tests.support.processes import DEVICE_KEY, PIN_PEPPER, Running, environment

HANDBOOK = Path(__file__).parents[2] / "docs" / "operations.md"
KEY = "a key of more than thirty-two bytes, for this test"
PEOPLE = (("admin@example.com", "admin"), ("user@example.com", "user"))


def test_the_handbooks_statements_shut_the_demos_people_out(
    database: Database, make_auth: Callable[..., Running], tmp_path: Path
) -> None:
    given = environment(WATCHHOUSE_DEMO="1", WATCHHOUSE_DATA=str(tmp_path), DATABASE_URL=database.auth_url)
    subprocess.run([sys.executable, "-m", "auth", "demo-data"], env=given, check=True)
    earnest = {"SECRET_KEY": KEY, "DEVICE_KEY": DEVICE_KEY, "PIN_PEPPER": PIN_PEPPER}
    url = make_auth(WATCHHOUSE_DEMO="0", **earnest).url
    assert {sign_in(url, *person) for person in PEOPLE} == {200}
    told = re.findall(r"```sql\n(.*?)```", HANDBOOK.read_text(), re.DOTALL)
    [statements] = [block for block in told if "app_users" in block]
    database.rows(statements.replace("%", "%%"))
    assert {sign_in(url, *person) for person in PEOPLE} == {403}
    assert database.one("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == 0


def sign_in(url: str, email: str, password: str) -> int:
    """The status that a sign-in is answered with."""
    return requests.post(f"{url}/login", json={"email": email, "password": password}, timeout=10).status_code
