"""Rules of recurrence: the part of RFC 5545 that maintenance needs, down to the day, and the days a rule gives.

Every search is bounded by the days it is asked for, also of a rule that never comes true (a 30th of February), over
which the libraries we know search to the year 9999. Knows neither zones nor times of day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
LONGEST_TEXT = 500
MOST_COUNT = 1000
MOST_INTERVAL = 366
LAST_YEAR = 9000  # far from where dates end
DAY = timedelta(days=1)

WEEKDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
NUMBER = re.compile(r"[+-]?[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed rule. Negative days and ordinals count from the end, the ordinal 0 stands for every such weekday."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None  # the last day, or the last moment in UTC, at which one may begin
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()
    positions: frozenset[int] = frozenset()
    week_start: int = 0


@lru_cache(maxsize=1000)
def parse_rule(text: str) -> Rule:
    """The rule a text like `FREQ=WEEKLY;BYDAY=SU` states; ValueError with the reason where it states none we follow."""
    parts = _split(text)
    rule = Rule(
        frequency=parts.pop("FREQ"),
        interval=_number(parts.pop("INTERVAL", "1"), "INTERVAL", 1, MOST_INTERVAL),
        count=_number(parts.pop("COUNT"), "COUNT", 1, MOST_COUNT) if "COUNT" in parts else None,
        until=_until(parts.pop("UNTIL")) if "UNTIL" in parts else None,
        months=frozenset(_number(word, "BYMONTH", 1, 12) for word in _words(parts, "BYMONTH")),
        month_days=frozenset(_signed(word, "BYMONTHDAY", 31) for word in _words(parts, "BYMONTHDAY")),
        weekdays=frozenset(_weekday(word) for word in _words(parts, "BYDAY")),
        positions=frozenset(_signed(word, "BYSETPOS", 366) for word in _words(parts, "BYSETPOS")),
        week_start=_weekday(parts.pop("WKST", "MO"))[1],
    )
    if parts:
        raise ValueError(f"{min(parts)} is not supported")
    _refuse_contradictions(rule)
    return rule


def days_of_rule(rule: Rule, start: date, first: date, last: date) -> Iterator[date]:
    """The days from `first` to `last` on which it recurs, in order. `start` is always one, and the first to count."""
    days = _counted_days(rule, start, last) if rule.count else _open_days(rule, start, first, last)
    return (day for day in days if first <= day <= last)


def _counted_days(rule: Rule, start: date, last: date) -> Iterator[date]:
    for number, day in enumerate(_open_days(rule, start, start, last)):
        if number == rule.count:
            return
        yield day


def _open_days(rule: Rule, start: date, first: date, last: date) -> Iterator[date]:
    if start <= last:
        yield start
    for begin, end in _periods(rule, start, max(first, start)):
        if begin > last or begin.year > LAST_YEAR:
            return
        yield from (day for day in _days_in(rule, start, begin, end) if start < day <= last)


def _periods(rule: Rule, start: date, first: date) -> Iterator[tuple[date, date]]:
    """Every `interval`th day, week, month or year from that of `start` on, as [begin, end), from about `first` on."""
    origin, target = _period_number(rule, start), _period_number(rule, first)
    for number in count(origin + (target - origin) // rule.interval * rule.interval, rule.interval):
        yield _period(rule, number)


def _period_number(rule: Rule, day: date) -> int:
    match rule.frequency:
        case "DAILY":
            return day.toordinal()
        case "WEEKLY":
            return (day.toordinal() - 1 - rule.week_start) // 7
        case "MONTHLY":
            return day.year * 12 + day.month - 1
        case _:
            return day.year


def _period(rule: Rule, number: int) -> tuple[date, date]:
    match rule.frequency:
        case "DAILY":
            return date.fromordinal(number), date.fromordinal(number + 1)
        case "WEEKLY":
            begin = number * 7 + 1 + rule.week_start
            return date.fromordinal(begin), date.fromordinal(begin + 7)
        case "MONTHLY":
            return _month(number), _month(number + 1)
        case _:
            return date(number, 1, 1), date(number + 1, 1, 1)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _days_in(rule: Rule, start: date, begin: date, end: date) -> Iterator[date]:
    """The days of one period that the rule gives."""
    found = [day for day in _dates(begin, end) if _is_given(rule, start, day)]
    if not rule.positions:
        return iter(found)
    return (day for place, day in enumerate(found) if {place + 1, place - len(found)} & rule.positions)


def _dates(begin: date, end: date) -> Iterator[date]:
    return (begin + DAY * number for number in range((end - begin).days))


def _is_given(rule: Rule, start: date, day: date) -> bool:
    return _is_in_months(rule, start, day) and _is_month_day(rule, start, day) and _is_weekday(rule, start, day)


def _is_in_months(rule: Rule, start: date, day: date) -> bool:
    if not rule.months and rule.frequency == "YEARLY" and not (rule.month_days or rule.weekdays):
        return day.month == start.month
    return not rule.months or day.month in rule.months


def _is_month_day(rule: Rule, start: date, day: date) -> bool:
    if not rule.month_days and rule.frequency in {"MONTHLY", "YEARLY"} and not rule.weekdays:
        return day.day == start.day
    return not rule.month_days or bool({day.day, day.day - _days_in_month(day) - 1} & rule.month_days)


def _is_weekday(rule: Rule, start: date, day: date) -> bool:
    if not rule.weekdays:
        return rule.frequency != "WEEKLY" or day.weekday() == start.weekday()
    return any((ordinal, day.weekday()) in rule.weekdays for ordinal in _ordinals(rule, day))


def _ordinals(rule: Rule, day: date) -> tuple[int, int, int]:
    """0 for every such weekday, and which of them in its month or year this is, from the front and from the end."""
    if rule.frequency == "YEARLY" and not rule.months:
        before, length = day.timetuple().tm_yday - 1, (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days
    else:
        before, length = day.day - 1, _days_in_month(day)
    return 0, before // 7 + 1, -((length - before - 1) // 7 + 1)


def _days_in_month(day: date) -> int:
    number = day.year * 12 + day.month - 1
    return (_month(number + 1) - _month(number)).days


def _split(text: str) -> dict[str, str]:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"a rule has at most {LONGEST_TEXT} characters")
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, sign, value = part.partition("=")
        if not sign or not value or not name.isalpha():
            raise ValueError(f"{part[:40]!r} is no NAME=VALUE; a rule looks like FREQ=WEEKLY;BYDAY=SU")
        if name in parts:
            raise ValueError(f"{name} is said twice")
        parts[name] = value
    if parts.get("FREQ") not in FREQUENCIES:
        raise ValueError(f"FREQ must be one of {', '.join(FREQUENCIES)}")
    return parts


def _words(parts: dict[str, str], name: str) -> list[str]:
    return parts.pop(name).split(",") if name in parts else []


def _number(word: str, name: str, lowest: int, highest: int) -> int:
    if not NUMBER.fullmatch(word) or not lowest <= int(word) <= highest:
        raise ValueError(f"{name} must be {lowest} to {highest}")
    return int(word)


def _signed(word: str, name: str, highest: int) -> int:
    number = _number(word, name, -highest, highest)
    if number == 0:
        raise ValueError(f"{name} must not be 0")
    return number


def _weekday(word: str) -> tuple[int, int]:
    found = WEEKDAY.fullmatch(word)
    if not found:
        raise ValueError(f"{word[:40]!r} is no weekday, which are {', '.join(WEEKDAYS)}, with an ordinal like -1FR")
    return _signed(found[1], "an ordinal of BYDAY", 53) if found[1] else 0, WEEKDAYS.index(found[2])


def _until(word: str) -> date | datetime:
    for form, is_day in (("%Y%m%d", True), ("%Y%m%dT%H%M%SZ", False)):
        try:
            found = datetime.strptime(word, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return found.date() if is_day else found
    raise ValueError("UNTIL must be a day like 20271231 or a moment in UTC like 20271231T220000Z")


def _refuse_contradictions(rule: Rule) -> None:
    has_ordinals = any(ordinal for ordinal, _ in rule.weekdays)
    if rule.count and rule.until:
        raise ValueError("COUNT and UNTIL exclude each other")
    if has_ordinals and rule.frequency not in {"MONTHLY", "YEARLY"}:
        raise ValueError("an ordinal in BYDAY needs FREQ=MONTHLY or FREQ=YEARLY")
    if rule.month_days and rule.frequency == "WEEKLY":
        raise ValueError("BYMONTHDAY makes no sense with FREQ=WEEKLY")
    if rule.positions and not (rule.months or rule.month_days or rule.weekdays):
        raise ValueError("BYSETPOS needs something to choose from: BYMONTH, BYMONTHDAY or BYDAY")
