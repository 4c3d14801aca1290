"""From how everything stands to what is served: the snapshot's forms, and what they say once it has grown old."""

from datetime import UTC, datetime
from functools import lru_cache
from time import time
from typing import Any

import structlog

from auth.house import house
from auth.http.problems import overloaded
from auth.status.document import facts_of, finish, print_facts
from auth.status.feed import print_feed
from auth.status.keeper import STALE_SECONDS, NothingKept, age_of
from auth.status.look import Look
from auth.status.page import AGE_MARK, render_main, render_page, tell_time
from auth.status.snapshot import Form, Snapshot, form_of
from auth.status.standing import Standing, read_standing
from sql.errors import translate

PAGE, DOCUMENT, FEED = "page", "document", "feed"
AGE = "Newer data cannot be read at the moment. This page shows how things stood {ago}, on {then}."
log = structlog.get_logger()


def find_snapshot() -> Snapshot:
    """The snapshot to serve now; raises Problem 503 when there is none and none can be made."""
    try:
        return house().status.find(_make)
    except NothingKept:
        raise overloaded("The status page is being made; try again shortly") from None


def is_stale(snapshot: Snapshot) -> bool:
    """Whether its age must be told."""
    return age_of(snapshot) >= STALE_SECONDS


def form_for_now(snapshot: Snapshot, name: str) -> Form:
    """A form of the snapshot as it is to be served now: with its age in it, when that must be told."""
    form = snapshot.forms[name]
    if name == FEED or not is_stale(snapshot):
        return form
    return _aged(form.plain, name, snapshot.made_at, snapshot.changed_at, age_step(age_of(snapshot)))


def age_step(age: float) -> int:
    """An age in seconds, cut so that what tells it is made anew only now and then."""
    step = 10 if age < 600 else 60
    return int(age // step * step)


def tell_age(seconds: int) -> str:
    """How long ago, in words."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= length:
            number = seconds // length
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


def render_preview(look: Any) -> str:
    """The page's content with settings that are not saved: anything with their attributes."""
    return render_main(read_standing(Look.of(look)))


@lru_cache(8)
def _aged(plain: bytes, name: str, made_at: float, changed_at: str, age_seconds: int) -> Form:
    if name == DOCUMENT:
        return form_of(finish(facts_of(plain), changed_at, age_seconds))
    told = AGE.format(ago=tell_age(age_seconds), then=tell_time(datetime.fromtimestamp(made_at, UTC)))
    return form_of(plain.replace(AGE_MARK.encode(), f'<p class="notice">{told}</p>'.encode(), 1))


def _make(kept: Snapshot | None) -> Snapshot:
    """A new snapshot; its facts changed now, unless they are those of the one before."""
    try:
        return _publish(read_standing(), kept)
    except Exception as error:
        if translate(error) is None:
            log.exception("status_page_broken")
        raise


def _publish(standing: Standing, kept: Snapshot | None) -> Snapshot:
    facts = print_facts(standing)
    is_unchanged = kept is not None and facts_of(kept.forms[DOCUMENT].plain) == facts
    changed_at = kept.changed_at if kept and is_unchanged else standing.at.isoformat(timespec="seconds")
    return Snapshot(
        made_at=time(),
        changed_at=changed_at,
        forms={
            PAGE: form_of(render_page(standing).encode()),
            DOCUMENT: form_of(finish(facts, changed_at)),
            FEED: form_of(print_feed(standing, house().settings.public_url)),
        },
        badges={str(service.id): (service.name, service.state) for service in standing.services},
    )
