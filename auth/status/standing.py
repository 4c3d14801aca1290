"""How everything stands at a moment: what the page, its JSON, the feed and the badges are all made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from auth.status.day import Day, day_of, since_of
from auth.status.look import Look
from auth.status.services import Group, Service, groups_of, services_of, whole_state
from auth.status.store import read_series, read_status
from auth.status.works import MOMENT, Work, plans_of, works_of
from common.maintenance import Calendar, Occurrence
from common.states import OPERATIONAL, State


@dataclass(frozen=True, slots=True)
class Standing:
    """What is public at `at`. Incidents come as the statement gives them, the open ones first."""

    at: datetime
    look: Look
    look_changed_at: str
    state: State
    services: list[Service]
    groups: list[Group]
    incidents: list[dict[str, Any]]
    works: list[Work]
    day: Day

    @property
    def open_incidents(self) -> list[dict[str, Any]]:
        """Those that are not resolved."""
        return [incident for incident in self.incidents if incident["resolved_at"] is None]

    @property
    def past_incidents(self) -> list[dict[str, Any]]:
        """Those that were resolved in the last 14 days."""
        return [incident for incident in self.incidents if incident["resolved_at"] is not None]

    @property
    def operational(self) -> int:
        """How many services do what they should."""
        return sum(service.state == OPERATIONAL for service in self.services)


def read_standing(look: Look | None = None) -> Standing:
    """How everything stands now; with another look than the saved one, when it is given."""
    read = read_status()
    now, rows = datetime.fromisoformat(read["now"]), read["services"]
    since = since_of(now)
    plans = plans_of(read["plans"])
    planned = _planned(Calendar([plan for _, plan in plans], since, now + MOMENT), rows)
    in_maintenance = {endpoint_id for endpoint_id, one in planned if one.begins_at <= now < one.ends_at}
    look = look or Look.of(read["look"])
    services = services_of(rows, in_maintenance.__contains__)
    return Standing(
        at=now,
        look=look,
        look_changed_at=read["look"]["updated_at"],
        state=whole_state(services),
        services=services,
        groups=groups_of(rows, services),
        incidents=read["incidents"] if look.shows_incidents else [],
        works=works_of(plans, {service.id: service.name for service in services}, now),
        day=day_of(since, read_series(since, planned)),
    )


def _planned(calendar: Calendar, rows: list[dict[str, Any]]) -> list[tuple[int, Occurrence]]:
    return [(row["id"], occurrence) for row in rows for occurrence in calendar.of(cast("int", row["id"]))]
