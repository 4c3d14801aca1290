"""Moments as fields of forms have them, by the clock on the wall of a time zone: both ways, pure."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import available_timezones

from common.maintenance import NOWHERE, zone_named


def in_zone(typed: str, zone: str) -> str:
    """A time of the zone's wall clock as a moment with its offset; what is none is left for the API to refuse."""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone_named(zone.strip())).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return typed


def wall_clock(moment: datetime, zone: str) -> str:
    """A moment as the clocks of the zone show it, as fields of forms have it."""
    local = moment.astimezone(zone_named(zone)).replace(tzinfo=None)
    return local.isoformat(timespec="seconds" if local.second else "minutes")


@cache
def zone_names() -> list[str]:
    """Every zone that there is, to choose from."""
    return sorted(available_timezones() - NOWHERE)
