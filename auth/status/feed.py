"""The Atom feed (RFC 4287): an entry for each update of an incident, and for each planned maintenance that is near."""

from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from auth.status.services import UPDATE_WORDS
from auth.status.standing import Standing
from auth.status.works import Work
from auth.status.xml import fit

MOST_ENTRIES = 100
PAGE, FEED = "/health/status-page/", "/health/feed.atom"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a reader of the feed sees once; `key` is what makes it itself for ever."""

    key: str
    title: str
    text: str
    link: str
    published: str
    updated: str


def print_feed(standing: Standing, public_url: str) -> bytes:
    """The whole feed; its links and ids begin with the house's public URL."""
    home = public_url.rstrip("/")
    entries = sorted(_entries(standing), key=lambda entry: datetime.fromisoformat(entry.updated), reverse=True)
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">',
        f"<id>{_id_of(home, 'feed')}</id>",
        f"<title>{fit(standing.look.title)}</title>",
        f"<subtitle>{fit(standing.look.description)}</subtitle>",
        f'<link rel="self" type="application/atom+xml" href="{fit(home + FEED)}"/>',
        f'<link rel="alternate" type="text/html" href="{fit(home + PAGE)}"/>',
        f"<author><name>{fit(standing.look.title)}</name></author>",
        f"<updated>{entries[0].updated if entries else standing.look_changed_at}</updated>",
        *(_print_entry(entry, home) for entry in entries[:MOST_ENTRIES]),
        "</feed>\n",
    ]
    return "\n".join(parts).encode()


def _entries(standing: Standing) -> list[Entry]:
    updates = [
        Entry(
            key=f"update/{update['id']}",
            title=f"{UPDATE_WORDS[update['status']]}: {incident['title']}",
            text=update["message"],
            link=f"{PAGE}#incident-{incident['id']}",
            published=update["created_at"],
            updated=update["created_at"],
        )
        for incident in standing.incidents
        for update in incident["updates"]
    ]
    return updates + [_entry_of_work(work) for work in standing.works]


def _entry_of_work(work: Work) -> Entry:
    begins, ends = work.occurrence
    when = f"Planned from {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC."
    return Entry(
        key=f"maintenance/{work.plan_id}/{begins.isoformat()}",
        title=f"Maintenance: {work.title}",
        text=f"{when}\n{work.description}".strip(),
        link=f"{PAGE}#maintenance-{work.plan_id}",
        published=work.updated_at,
        updated=work.updated_at,
    )


def _print_entry(entry: Entry, home: str) -> str:
    return (
        f"<entry><id>{_id_of(home, entry.key)}</id><title>{fit(entry.title)}</title>"
        f'<link rel="alternate" type="text/html" href="{fit(home + entry.link)}"/>'
        f"<published>{entry.published}</published><updated>{entry.updated}</updated>"
        f'<content type="text">{fit(entry.text)}</content></entry>'
    )


def _id_of(home: str, key: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{home}/{key}')}"
