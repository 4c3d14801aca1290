"""The form of planned maintenance: the API's fields as text, and back. Its times are by the plan's own clock."""

from typing import Any

from pydantic import Field

from auth.admin.repetition import Repetition, to_repetition, to_rule
from auth.maintenance.schemas import MaintenanceView
from auth.pages.room import PageForm
from auth.pages.typed import numbers_or_texts, text_of
from auth.pages.wall_clock import in_zone, wall_clock


class MaintenanceForm(PageForm):
    """A plan as its form has it."""

    title: str = ""
    description: str = ""
    starts_at: str = ""
    ends_at: str = ""
    timezone: str = "UTC"
    repeats: str = "once"
    every: str = "1"
    weekdays: list[str] = Field(default_factory=list)
    month_day: str = "1"
    ordinal: str = "1"
    weekday: str = "MO"
    rule: str = ""
    repeats_until: str = ""
    is_for_all: str = ""
    endpoints: list[str] = Field(default_factory=list)

    @property
    def values(self) -> dict[str, Any]:
        """The form in the words of the API's models."""
        rule = to_rule(self._repetition)
        return {
            "title": self.title.strip(),
            "description": text_of(self.description),
            "starts_at": in_zone(self.starts_at, self.timezone),
            "ends_at": in_zone(self.ends_at, self.timezone),
            "timezone": self.timezone.strip(),
            "rrule": rule,
            "repeats_until": in_zone(self.repeats_until, self.timezone) if rule and self.repeats_until else None,
            "is_for_all": bool(self.is_for_all),
            "endpoints": [] if self.is_for_all else numbers_or_texts(self.endpoints),
        }

    @property
    def _repetition(self) -> Repetition:
        return Repetition(
            self.repeats, self.every, tuple(self.weekdays), self.month_day, self.ordinal, self.weekday, self.rule
        )


def form_of(view: MaintenanceView) -> MaintenanceForm:
    """The form of a plan as it stands."""
    chosen = to_repetition(view.rrule)
    return MaintenanceForm(
        title=view.title,
        description=view.description,
        starts_at=wall_clock(view.starts_at, view.timezone),
        ends_at=wall_clock(view.ends_at, view.timezone),
        timezone=view.timezone,
        repeats=chosen.repeats,
        every=chosen.every,
        weekdays=list(chosen.weekdays),
        month_day=chosen.month_day,
        ordinal=chosen.ordinal,
        weekday=chosen.weekday,
        rule=chosen.rule,
        repeats_until=wall_clock(view.repeats_until, view.timezone) if view.repeats_until else "",
        is_for_all="on" if view.is_for_all else "",
        endpoints=[str(endpoint.id) for endpoint in view.endpoints],
    )
