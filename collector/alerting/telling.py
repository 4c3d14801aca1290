"""What people are told of alerts that open, end and last: channels of all, a device's owner by mail. Knows no rule.

When very many devices tell the same at once it is not the devices: then all channels hear of it in one sentence, and no
owner is mailed. A device that tells the same again and again is broken, or lies: people hear of it some times a day.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting import texts
from collector.alerting.finding import as_json
from collector.alerting.news import ALERTS, News, queue
from sql import statements
from sql.statements import Row, run

MOST_DEVICES = 20
MOST_A_DAY = 6
LAST_WORD = f" It is the {MOST_A_DAY}th within a day: more like it are only listed."

sql = statements.load("alerts")


@dataclass(frozen=True, slots=True)
class Telling:
    """What is said of one alert: `what` begins the subject, `message` the body."""

    what: str
    rule: str
    message: str
    device_id: UUID | None = None
    more: str = ""


@dataclass(frozen=True, slots=True)
class _Mail:
    device_id: UUID
    subject: str
    body: str


def of_opened(rows: Iterable[Row]) -> list[Telling]:
    """Of what `open_alerts` or `refresh_alerts` returned."""
    return [Telling("Alert", rule, message, _id(device)) for rule, _, message, device, *_ in rows]


def of_resolved(rows: Iterable[Row]) -> list[Telling]:
    """Of what `resolve_alerts` returned: an end is told where the beginning was."""
    return [
        Telling("Resolved", rule, message, _id(device), f" The alert lasted {texts.span(ended - began)}.")
        for rule, _, message, device, began, ended, is_silenced in rows
        if not is_silenced
    ]


def of_reminded(rows: Iterable[Row], now: datetime) -> list[Telling]:
    """Of what `remind_alerts` returned."""
    return [
        Telling("Still", rule, message, _id(device), f" The alert has lasted {texts.span(now - began)}.")
        for rule, _, message, device, began in rows
    ]


def tell(connection: PoolProxiedConnection, tellings: Sequence[Telling]) -> None:
    """Queue it in the transaction that runs."""
    news, mails = words_of(_calm(connection, tellings))
    queue(connection, news)
    if mails:
        run(connection, sql.queue_owner_mails, mails=as_json(mails))


def _calm(connection: PoolProxiedConnection, tellings: Sequence[Telling]) -> list[Telling]:
    """Those that are not one too many of their device and rule; the last one says that it is."""
    devices = list({one.device_id for one in tellings if one.device_id is not None})
    rows = run(connection, sql.count_day_of_alerts, device_ids=devices, least=MOST_A_DAY) if devices else []
    counts = {(UUID(device), rule): number for device, rule, number in rows}
    ends = {one: counts.get((one.device_id, one.rule), 0) - MOST_A_DAY if one.device_id else -1 for one in tellings}
    return [replace(one, more=one.more + LAST_WORD) if end == 0 else one for one, end in ends.items() if end <= 0]


def words_of(tellings: Sequence[Telling]) -> tuple[list[News], list[_Mail]]:
    """News for the channels, mails for owners."""
    together = Counter((one.what, one.rule) for one in tellings if one.device_id is not None)
    many = {key: number for key, number in together.items() if number > MOST_DEVICES}
    each = [one for one in tellings if one.device_id is None or (one.what, one.rule) not in many]
    news = [News(ALERTS, _subject(one), one.message + one.more) for one in each]
    mails = [_Mail(one.device_id, _subject(one), one.message + one.more) for one in each if one.device_id is not None]
    return news + [_summary(what, rule, number) for (what, rule), number in many.items()], mails


def _subject(one: Telling) -> str:
    return texts.one_line(f"{one.what}: {one.message.removesuffix('.')}")


def _summary(what: str, rule: str, number: int) -> News:
    body = f"{number:,} devices at once: their owners are not mailed. The alerts are listed each by itself."
    return News(ALERTS, f"{what}: {rule} of {number:,} devices", body)


def _id(device: UUID | str | None) -> UUID | None:
    return None if device is None else UUID(str(device))
