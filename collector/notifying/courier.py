"""A process that hands notifications to Apprise: a message a line comes in, a verdict a line goes out.

Apart from the daemon, since what Apprise's many services do is not ours to bound: here a hanging one can be killed,
each connection is judged whatever made it, the daemon's environment with its passwords is not known, and memory is
given back.
"""

import json
import logging
import os
import re
import signal
import sys
from collections.abc import Iterable
from typing import Any, TextIO
from urllib.parse import unquote

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from collector.notifying.guarded_sockets import guard_sockets
from common.addresses import parse_allowed

LIMIT_SECONDS = 40  # should whoever started it be gone
SHORTEST_SECRET = 3
MASK = "***"


class Complaints(logging.Handler):
    """What Apprise logs, kept for the verdict instead of being printed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.heard.append(record.getMessage())


def main() -> None:
    """Serve until the input ends."""
    answers = take_output()
    complaints, refusals = Complaints(), list[str]()
    logger = logging.getLogger("apprise")
    logger.handlers, logger.propagate = [complaints], False
    logger.setLevel(logging.WARNING)
    guard_sockets(parse_allowed(sys.argv[1]), refusals.append)
    for line in sys.stdin:
        signal.alarm(LIMIT_SECONDS)
        error = try_once(json.loads(line), complaints.heard, refusals)
        signal.alarm(0)
        answers.write(json.dumps({"error": error}) + "\n")
        answers.flush()


def try_once(message: dict[str, Any], complaints: list[str], refusals: list[str]) -> str | None:
    """Why the service did not take it, as far as we were told; None when it did."""
    complaints.clear()
    refusals.clear()
    try:
        if hand_over(message):
            return None
    except Exception as error:  # noqa: BLE001  the rim: a service may raise whatever it likes
        complaints.append(f"{type(error).__name__}: {error}")
    return explain(message["url"], [*complaints, *refusals])


def take_output() -> TextIO:
    """The output for verdicts only: whatever a service prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answers


def hand_over(message: dict[str, Any]) -> bool:
    """Whether the service took it."""
    carrier = Apprise(asset=AppriseAsset(app_id="Watchhouse", app_desc="Watchhouse", async_mode=False))
    if not carrier.add(message["url"]):
        raise ValueError("no URL that Apprise knows")
    mark(carrier, message["key"])
    kind, form = NotifyType.INFO, NotifyFormat.TEXT
    return bool(carrier.notify(message["body"], title=message["subject"], notify_type=kind, body_format=form))


def mark(carrier: Apprise, key: str) -> None:
    """The idempotency key, for services that send headers of their own."""
    for service in carrier:
        headers = getattr(service, "headers", None)
        if isinstance(headers, dict):
            headers["Idempotency-Key"] = key


def explain(url: str, heard: Iterable[str]) -> str:
    """The last thing heard, without anything that the URL holds."""
    told = next(iter(reversed(list(heard))), "the service did not take it")
    words = {word for part in re.split(r"[/:@?&=+#,;]+", url.partition("://")[2]) for word in (part, unquote(part))}
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= SHORTEST_SECRET:
            told = told.replace(word, MASK)
    return told


if __name__ == "__main__":
    main()
