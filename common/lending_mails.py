"""What who waits for a book is told, in words: a copy may come back to auth or be passed on by the collector."""

from datetime import datetime


def copy_is_ready(title: str, ready_until: datetime) -> tuple[str, str]:
    """Subject and body of the mail that a copy is held for whoever reads it."""
    return (
        f"{title} is ready for you",
        f"""A copy of the book that you reserved is back, and is held for you:

    {title}

Borrow it before {ready_until:%Y-%m-%d %H:%M} UTC; after that it goes to the next in line.
""",
    )
