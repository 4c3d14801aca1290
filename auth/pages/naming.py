"""People in a lock's log: its words name them by their ids, which outlive accounts; pages show who that is. Pure."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from auth.devices.schemas import LogView

ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


def people_in(entries: Sequence[LogView]) -> set[UUID]:
    """Everybody who did something or is named in the words."""
    told = {UUID(found) for entry in entries for found in ID.findall(entry.description)}
    return told | {entry.user_id for entry in entries if entry.user_id}


def named(words: str, emails: Mapping[UUID, str]) -> str:
    """The words with the e-mails of those who are known in place of their ids."""
    return ID.sub(lambda found: emails.get(UUID(found[0]), found[0]), words)
