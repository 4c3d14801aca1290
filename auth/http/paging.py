"""Lists by cursor: a page begins after the last key of the page before, so page 1,000 costs what page 1 does."""

from typing import Annotated

from pydantic import Field
from werkzeug.routing import IntegerConverter

from auth.http.body import Query

DEFAULT = 50
MOST = 200
BIGGEST_KEY = 2**63 - 1
BIGGEST_PATH_KEY = 10**18 - 1

Cursor = Annotated[int, Field(ge=0, le=BIGGEST_KEY, description="`next` of the page before")]
Key = Annotated[int, Field(ge=1, le=BIGGEST_KEY)]


class KeyConverter(IntegerConverter):
    """`<key:...>` in a path: a number that can be a row's key; any other leads nowhere.

    The pattern alone says which: werkzeug would answer a number that is out of bounds with 405.
    """

    regex = "[1-9][0-9]{0,17}"


class Page(Query):
    """`?limit=` and `?cursor=` of any list."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = DEFAULT
    cursor: Cursor = 0


def contains(part: str) -> str:
    """The LIKE pattern for text that contains `part`, whose own signs mean only themselves."""
    for sign in ("\\", "%", "_"):
        part = part.replace(sign, "\\" + sign)
    return f"%{part}%"
