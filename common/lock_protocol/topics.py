"""The fleet's topics: `smartlock/{device_id}/{kind}`. Knows no payload."""

import re
from typing import Final, Literal

ROOT = "smartlock"
STATUS: Final = "status"
STATE: Final = "state"
TELEMETRY: Final = "telemetry"
EVENTS: Final = "events"
COMMANDS = "commands"
COMMANDS_ACK: Final = "commands/ack"
INGEST_ACK = "ingest/ack"
CANARY = "canary"

FromLock = Literal["status", "state", "telemetry", "events", "commands/ack"]
FROM_LOCKS: tuple[FromLock, ...] = (STATUS, STATE, TELEMETRY, EVENTS, COMMANDS_ACK)
DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,50}\Z")
# Names of the broker's other accounts: a lock of such a name would get their rights.
COLLECTOR = "collector"
CHECKER = "collector-check"
FLEET = "fleet"
RESERVED = frozenset({COLLECTOR, CHECKER, FLEET})


def topic_of(device_id: str, kind: str) -> str:
    """The topic of a device for one kind of message."""
    return f"{ROOT}/{device_id}/{kind}"


def parse_topic(topic: str) -> tuple[str, str] | None:
    """Device id and kind of a topic that has the form of one, whatever kind it is; None for any other."""
    root, _, rest = topic.partition("/")
    device_id, _, kind = rest.partition("/")
    if root != ROOT or not kind or not DEVICE_ID.match(device_id):
        return None
    return device_id, kind
