"""Hours of requests: which are closed, and rolling one up. Shared by the job and by `aggregate-analytics`.

Knows nothing of segments: ingest writes minutes and raw rows, and marks each hour that it adds to as dirty.
"""

from datetime import datetime, timedelta

from sqlalchemy import Engine

from sql import statements
from sql.engine import transaction
from sql.statements import run

HOUR = timedelta(hours=1)
CLOSED_AFTER = timedelta(minutes=5)
# Ingest makes no minutes of lines that are 6 days old, and raw rows are kept for 30. An hour of grace in both, since
# the clocks of two hosts differ, and a transaction takes a while.
MINUTES_TRUSTED = timedelta(days=6) - HOUR
ROWS_KEPT = timedelta(days=30) - HOUR
LONGEST_SECONDS = 120

sql = statements.load("request_rollups")


def last_closed(now: datetime) -> datetime:
    """The last hour that is over for long enough that its lines have come."""
    return (now - CLOSED_AFTER).replace(minute=0, second=0, microsecond=0) - HOUR


def is_kept(hour: datetime, now: datetime) -> bool:
    """Whether anything is left from which the hour can be computed. Of older ones, what is stored stays for ever."""
    return now - hour < ROWS_KEPT


def roll_up(engine: Engine, hour: datetime, now: datetime, *, from_rows: bool = False) -> bool:
    """Compute the hour anew, from its minutes while those are whole; True when it could be.

    Two at the same hour come one after the other, so that what stays is what the later one saw.
    """
    with transaction(engine) as connection:
        run(connection, sql.lock_hour, hour=hour, seconds=LONGEST_SECONDS)
        run(connection, sql.take_dirty_marks, hour=hour)
        if not is_kept(hour, now):
            return False
        run(connection, sql.roll_up_hour, hour=hour, from_rows=from_rows or now - hour >= MINUTES_TRUSTED)
    return True
