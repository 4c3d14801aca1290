"""People in a lock's log: its words name them by their ids, which outlive accounts; pages show who that is. Pure.

A lock may say what it likes, and who has its keys may sign a code for anybody: whom these name is not known by that.
"""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from auth.devices.schemas import LogView

ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
WORDS_OF_OURS = frozenset({"SHARED", "UNSHARED", "SHARE_CHANGED", "TRANSFERRED"})
CODES = frozenset({"QR_GRANTED", "QR_DENIED"})


def people_in(entries: Sequence[LogView]) -> set[UUID]:
    """Everybody of whom the house itself says that they did something or were given something."""
    ours = [entry.description for entry in entries if entry.event_type in WORDS_OF_OURS]
    told = {UUID(found) for words in ours for found in ID.findall(words)}
    return told | {entry.user_id for entry in entries if entry.user_id and entry.event_type not in CODES}


def people_of_codes(entries: Sequence[LogView]) -> set[UUID]:
    """Everybody whose code a lock was shown, by its own word."""
    return {entry.user_id for entry in entries if entry.user_id and entry.event_type in CODES}


def named(words: str, emails: Mapping[UUID, str]) -> str:
    """The words with the e-mails of those who are known in place of their ids."""
    return ID.sub(lambda found: emails.get(UUID(found[0]), found[0]), words)
