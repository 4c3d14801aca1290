"""What who waits for a book is told, in words: a copy may come back to auth or be passed on by the collector."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any


def copies_are_ready(rows: Iterable[tuple[Any, ...]]) -> str:
    """The mails for rows of `pass_on_copies`, as `queue_waiting_mails` takes them."""
    letters = ((place, *_copy_is_ready(title, ready_until)) for place, title, ready_until in rows)
    return json.dumps([dict(zip(("reservation_id", "subject", "body"), letter, strict=True)) for letter in letters])


def _copy_is_ready(title: str, ready_until: datetime) -> tuple[str, str]:
    """Subject and body of the mail that a copy is held for whoever reads it."""
    return (
        f"{title} is ready for you",
        f"""A copy of the book that you reserved is back, and is held for you:

    {title}

Borrow it before {ready_until:%Y-%m-%d %H:%M} UTC; after that it goes to the next in line.
""",
    )
