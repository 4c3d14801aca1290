"""What narrows the lists of staff's pages: fields of a form sent by GET, of which empty ones narrow nothing."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field

from auth.http.moments import Moment
from auth.http.paging import Key

LAST_DAY = date(2200, 1, 1)
ZONELESS = re.compile(r"[^T]+T[\d:.]+\Z", re.ASCII)


def _none_if_empty(given: object) -> object:
    return None if given == "" else given


def _in_utc(given: object) -> object:
    """What a field of date and time holds has no zone: it is UTC's."""
    return f"{given}Z" if isinstance(given, str) and ZONELESS.match(given) else given


EMPTY = BeforeValidator(_none_if_empty)

Part = Annotated[str | None, Field(max_length=100), EMPTY]
Day = Annotated[date | None, Field(le=LAST_DAY), EMPTY]
Instant = Annotated[Moment | None, EMPTY, BeforeValidator(_in_utc)]
Number = Annotated[Key | None, EMPTY]
Person = Annotated[UUID | None, EMPTY]


def start_of(day: date | None, days: int = 0) -> datetime | None:
    """The beginning of a day in UTC, or of the one that many days later."""
    return datetime.combine(day + timedelta(days), time.min, UTC) if day else None
