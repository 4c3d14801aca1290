"""How maintenance recurs, as a form says it in plain words and as an RRULE: both ways, pure.

Rules that the plain words cannot say are shown and taken as they stand.
"""

import re
from dataclasses import dataclass
from typing import Any

REPEATS = {
    "once": "Once",
    "daily": "Every day",
    "weekly": "Every week",
    "monthly_day": "Every month, on a day",
    "monthly_weekday": "Every month, on a weekday",
    "rule": "By a rule of RFC 5545",
}
WEEKDAYS = {
    "MO": "Monday",
    "TU": "Tuesday",
    "WE": "Wednesday",
    "TH": "Thursday",
    "FR": "Friday",
    "SA": "Saturday",
    "SU": "Sunday",
}
ORDINALS = {"1": "First", "2": "Second", "3": "Third", "4": "Fourth", "-1": "Last"}

DAY = "|".join(WEEKDAYS)
EVERY = r"(?:;INTERVAL=(?P<every>[1-9]\d{0,2}))?"
FORMS = {
    "daily": re.compile(rf"FREQ=DAILY{EVERY}"),
    "weekly": re.compile(rf"FREQ=WEEKLY{EVERY}(?:;BYDAY=(?P<weekdays>(?:{DAY})(?:,(?:{DAY}))*))?"),
    "monthly_day": re.compile(rf"FREQ=MONTHLY{EVERY};BYMONTHDAY=(?P<month_day>-1|[1-9]|[12]\d|3[01])"),
    "monthly_weekday": re.compile(rf"FREQ=MONTHLY{EVERY};BYDAY=(?P<ordinal>[1-4]|-1)(?P<weekday>{DAY})"),
}


@dataclass(frozen=True)
class Repetition:
    """What is chosen; what does not belong to the choice counts for nothing."""

    repeats: str = "once"
    every: str = "1"
    weekdays: tuple[str, ...] = ()
    month_day: str = "1"
    ordinal: str = "1"
    weekday: str = "MO"
    rule: str = ""


def to_rule(chosen: Repetition) -> str | None:
    """The RRULE, or None for what happens once."""
    every = chosen.every.strip()
    interval = "" if every in {"", "1"} else f";INTERVAL={every}"
    match chosen.repeats:
        case "once":
            return None
        case "daily":
            return f"FREQ=DAILY{interval}"
        case "weekly":
            return f"FREQ=WEEKLY{interval}" + (f";BYDAY={','.join(chosen.weekdays)}" if chosen.weekdays else "")
        case "monthly_day":
            return f"FREQ=MONTHLY{interval};BYMONTHDAY={chosen.month_day.strip()}"
        case "monthly_weekday":
            return f"FREQ=MONTHLY{interval};BYDAY={chosen.ordinal}{chosen.weekday}"
        case _:
            return chosen.rule.strip()


def to_repetition(rule: str | None) -> Repetition:
    """The choice that gives this RRULE."""
    if rule is None:
        return Repetition()
    for repeats, form in FORMS.items():
        if found := form.fullmatch(rule):
            said: dict[str, Any] = {name: value for name, value in found.groupdict().items() if value is not None}
            if "weekdays" in said:
                said["weekdays"] = tuple(said["weekdays"].split(","))
            return Repetition(repeats, **said)
    return Repetition("rule", rule=rule)
