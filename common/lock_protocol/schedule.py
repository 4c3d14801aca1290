"""Weekly schedules of codes: hours of week days, in the device's time zone.

`[{"days": ["mon", "tue"], "from": "08:00", "to": "17:30"}]`; from the first minute up to the last, which is not in it.
A span whose end is not after its start goes over midnight and belongs to the day on which it began. Times are those on
the wall: on the day of a change of clocks, an hour that comes twice is open both times and one that is left out never.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_within(schedule: Iterable[Mapping[str, Any]] | None, timezone: str, moment: datetime) -> bool:
    """Whether `moment` is in one of the spans; without a schedule always."""
    if schedule is None:
        return True
    local = moment.astimezone(ZoneInfo(timezone))
    minute = 60 * local.hour + local.minute
    today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    return any(_covers(span, minute, today, yesterday) for span in schedule)


def minutes_of(clock: str) -> int:
    """Minutes after midnight of `HH:MM`; `24:00` is the end of the day. Raises ValueError for anything else."""
    hours, _, minutes = clock.partition(":")
    has_form = len(hours) == len(minutes) == 2 and (hours + minutes).isdecimal() and clock.isascii()
    if not has_form or int(minutes) > 59 or (total := 60 * int(hours) + int(minutes)) > 1440:
        raise ValueError("must be a time like 08:30")
    return total


def _covers(span: Mapping[str, Any], minute: int, today: str, yesterday: str) -> bool:
    begins, ends = minutes_of(span["from"]), minutes_of(span["to"])
    if begins < ends:
        return today in span["days"] and begins <= minute < ends
    return (today in span["days"] and minute >= begins) or (yesterday in span["days"] and minute < ends)
