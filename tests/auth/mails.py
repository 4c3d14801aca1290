"""The mails that tests wait for."""

import re

from tests.support.client import Api, Person


def mailed_token(api: Api, person: Person) -> str:
    """The token in the newest mail to a person."""
    body = api.rows("SELECT body FROM outbox WHERE recipient = %s ORDER BY id DESC LIMIT 1", person.email)[0][0]
    found = re.search(r"^    ([\w-]{43})$", body, re.MULTILINE)
    assert found, body
    return found[1]
