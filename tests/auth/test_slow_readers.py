"""Someone takes the whole list of resources slowly; the others, and their own other calls, must not wait."""

from collections.abc import Callable

import pytest
import requests

from tests.support.databases import Database
from tests.support.processes import Running
from tests.support.visitor import sign_up

ROWS = (
    "INSERT INTO resources (name, annotation, owner_id) "
    "SELECT 'n', repeat('x', 5000), id FROM app_users, generate_series(1, 6000)"
)


@pytest.mark.parametrize("path", ["/actions/read?limit=1", "/actions/read?id=1"])
def test_a_slow_reader_does_not_hold_up_their_own_other_reads(
    database: Database, make_auth: Callable[..., Running], path: str
) -> None:
    anna = sign_up(make_auth().url)
    database.rows(ROWS)
    with requests.get(anna.url + "/actions/read", headers=anna.bearer, stream=True, timeout=20) as slow:
        assert next(slow.iter_content(1000))
        assert anna.call("GET", path).status_code == 200
