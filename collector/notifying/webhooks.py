"""Our own webhook: a POST of JSON by the engine that probes use, guarded like them, in a thread of its own.

Any answer of 2xx is a yes. A redirect is none, since it would carry the news elsewhere. 410 is a no for good; whatever
else went wrong, a wrong token or path among it, is somebody's to mend, so the message is kept until its time is up.
"""

import json
from concurrent.futures import Future
from threading import Event, Thread

from collector.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from collector.notifying.notice import Notice, status_page
from collector.probing.engine import Engine
from collector.probing.guard import Guard
from collector.probing.outcome import Attempt
from collector.probing.target import Target
from common.addresses import Allowed

TIMEOUT_SECONDS = 30.0
AT_ONCE = 64
GONE = 410


class Webhooks:
    """Posts notices; its thread runs from the first one until `close`."""

    def __init__(self, allowed: Allowed, public_url: str | None) -> None:
        self._guard = Guard.of(allowed)
        self._public_url = public_url
        self._engine: Engine | None = None
        self._thread: Thread | None = None

    def send(self, notice: Notice) -> "Future[DeliveryError | None]":
        """Post it; what comes out is why it was not taken, or None."""
        outcome: Future[DeliveryError | None] = Future()
        self._running().submit(target_of(notice, self._public_url), lambda attempt: outcome.set_result(judge(attempt)))
        return outcome

    def close(self) -> None:
        """Cut off what is under way: it comes due again."""
        if self._engine is not None and self._thread is not None:
            self._engine.stop()
            self._thread.join()
            self._engine.close()

    def _running(self) -> Engine:
        if self._engine is None:
            self._engine = Engine(self._guard, at_once=AT_ONCE, per_host=AT_ONCE)
            self._thread = Thread(target=self._engine.run, args=[Event()], name="webhooks", daemon=True)
            self._thread.start()
        return self._engine


def target_of(notice: Notice, public_url: str | None) -> Target:
    """The request: the same at every try."""
    content = {
        "kind": notice.kind,
        "subject": notice.subject,
        "body": notice.body,
        "at": notice.created_at.isoformat(),
        "idempotency_key": str(notice.key),
        "url": status_page(public_url) if public_url else None,
    }
    return Target(
        endpoint_id=0,
        name=notice.channel,
        url=notice.url,
        method="POST",
        headers={"Content-Type": "application/json", "Idempotency-Key": str(notice.key)},
        body=json.dumps(content).encode(),
        timeout_seconds=TIMEOUT_SECONDS,
        degraded_after_ms=TIMEOUT_SECONDS * 1000,
        max_redirects=0,
    )


def judge(attempt: Attempt) -> DeliveryError | None:
    """Why the news was not taken; None when it was."""
    if attempt.outcome != "major_outage":
        return None
    told = attempt.detail or attempt.reason or "not taken"
    return (DeliveryRefused if attempt.status_code == GONE else DeliveryDelayed)(told)
