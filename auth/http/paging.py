"""Lists by cursor: a page begins after the last key of the page before, so page 1,000 costs what page 1 does."""

from typing import Annotated

from pydantic import Field

from auth.http.body import Query

DEFAULT = 50
MOST = 200
BIGGEST_KEY = 2**63 - 1

Cursor = Annotated[int, Field(ge=0, le=BIGGEST_KEY, description="`next` of the page before")]
Key = Annotated[int, Field(ge=1, le=BIGGEST_KEY)]


class Page(Query):
    """`?limit=` and `?cursor=` of any list."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = DEFAULT
    cursor: Cursor = 0


def contains(part: str) -> str:
    """The LIKE pattern for text that contains `part`, whose own signs mean only themselves."""
    for sign in ("\\", "%", "_"):
        part = part.replace(sign, "\\" + sign)
    return f"%{part}%"
