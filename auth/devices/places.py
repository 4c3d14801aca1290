"""Cursors of lists in the order in which things were made: pure. A place is a moment and, among equals, an id."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from auth.http.body import Query
from auth.http.paging import DEFAULT, MOST

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
BEGINNING = (EPOCH, UUID(int=0))
FORM = re.compile(r"[0-9]{1,16}-[0-9a-f]{32}")

Place = tuple[datetime, UUID]


class PlacePage(Query):
    """`?limit=` and `?cursor=` of such a list."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = DEFAULT
    cursor: Annotated[str, Field(pattern=f"^({FORM.pattern})?$", description="`next` of the page before")] = ""

    @property
    def place(self) -> Place:
        """After which place the page begins."""
        if not self.cursor:
            return BEGINNING
        moment, _, key = self.cursor.partition("-")
        return EPOCH + timedelta(microseconds=int(moment)), UUID(hex=key)


def cursor_of(created_at: datetime, key: UUID) -> str:
    """The cursor of a page that begins after this place."""
    return f"{(created_at - EPOCH) // MICROSECOND}-{key.hex}"
