"""One check from its first hop to its verdict. Whoever runs it looks up names and drives libcurl."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pycurl

from collector.probing.failures import explain
from collector.probing.guard import Guard, literal
from collector.probing.handle import Handle, Received, Request, Room
from collector.probing.hop import first_hop, is_redirect, next_hop
from collector.probing.judging import BODY_CAP, Answer, Verdict, judge
from collector.probing.outcome import Attempt, Reason
from collector.probing.phases import MS, Phases, part
from collector.probing.queue import Job
from collector.probing.resolver import Found
from collector.probing.target import Where

LONG_LOOKUP = "no end of the name lookup within the limit"
BROKEN = "what came is more than we can deal with"


class Exchange:
    """Makes checks with one handle, one after another.

    Each hop is `name_to_look_up`, `aim`, the transfer, `finish`; `aim` and `finish` give an Attempt when it is over.
    """

    def __init__(self, guard: Guard, room: Room, *, clock: Callable[[], datetime], ca_file: str | None) -> None:
        self._guard = guard
        self._clock = clock
        self.handle = Handle(self._may_connect, room, body_cap=BODY_CAP, ca_file=ca_file)
        self.is_looking_up = False
        self.serial = 0  # which check this is: a lookup that answers for one before is known by it
        self._is_broken = False

    def begin(self, job: Job, now: float) -> None:
        """Start with the target's own URL."""
        self.serial += 1
        self.job, self.target = job, job.target
        self.began, self.started_at = now, self._clock()
        self.deadline = now + job.target.timeout_seconds
        self.redirects = 0
        self.untrusted: Attempt | None = None  # how it ended, while the certificate that was to blame is looked at
        self.hop = first_hop(job.target, now)

    @property
    def is_spent(self) -> bool:
        """Whether its handle was told to trust anybody, or stands who knows where, and must not be used again."""
        return self._is_broken or self.untrusted is not None

    def name_to_look_up(self) -> str | None:
        """The host, when it is a name; an address stands for itself."""
        where = self.hop.where
        if where is None:
            return None
        address = literal(where.host)
        if address is None:
            return where.host
        self.hop.named = frozenset({address})
        return None

    def aim(self, found: Found | None, now: float) -> Attempt | None:
        """Make the handle ready for the hop, with what was found for its name."""
        hop, where = self.hop, self.hop.where
        if where is None:
            return self._fail("url", "it is no URL of http or https", now)
        if found is not None:
            hop.dns_ms = (now - hop.began) * MS
            hop.named = frozenset(found.addresses)
            if not found.addresses:
                return self._fail("dns", found.error or "no such name", now)
        left_ms = int((self.deadline - now) * MS)
        if left_ms < 1:
            return self.give_up(now)
        hop.began = now
        self.handle.aim(self._request(where, found, left_ms))
        return None

    def give_up(self, now: float) -> Attempt:
        """The limit passed before there was an address to connect to."""
        return self.untrusted or self._fail("timeout", LONG_LOOKUP, now)

    def break_off(self, now: float) -> Attempt:
        """We failed at it ourselves, wherever it stood."""
        self._is_broken = True
        return Attempt("major_outage", "internal", BROKEN, self.started_at, (now - self.began) * MS)

    def finish(self, number: int, message: str, now: float) -> Attempt | None:
        """The hop ended with libcurl's `number`, 0 for good; None when another one follows."""
        if self.untrusted is not None:
            return replace(self.untrusted, certificate_expires_at=self.handle.certificate_expires_at)
        if number == 0 or (number == pycurl.E_WRITE_ERROR and self.handle.received.is_cut):
            return self._answered(now)
        attempt = self._broken(number, message)
        if number == pycurl.E_PEER_FAILED_VERIFICATION:
            self.untrusted = attempt
            return None
        return attempt

    def _request(self, where: Where, found: Found | None, left_ms: int) -> Request:
        hop = self.hop
        return Request(
            url=hop.url,
            method=hop.method,
            headers=hop.headers,
            body=hop.body,
            timeout_ms=left_ms,
            resolve=f"+{where.host}:{where.port}:{','.join(found.addresses)}" if found else None,
            is_tls=where.scheme == "https",
            keeps_body=self.target.needs_body,
            keeps_headers=self.target.needs_headers,
            only_connects=self.untrusted is not None,
        )

    def _may_connect(self, address: str, port: int) -> bool:
        """Asked at every real connect; what is remembered makes the difference of `blocked` and `refused`."""
        hop = self.hop
        if hop.where is None:
            return False
        refusal = self._guard.refuse(address, port, hop.where, hop.named, is_own=self.target.is_own)
        hop.was_allowed = hop.was_allowed or refusal is None
        hop.refusal = hop.refusal or refusal
        return refusal is None

    def _answered(self, now: float) -> Attempt | None:
        status = self.handle.status
        if status is None:
            return self._broken(pycurl.E_FTP_WEIRD_SERVER_REPLY, "")
        location = self.handle.redirect_url
        if location is None or not is_redirect(self.target, status, location):
            return self._judged(status)
        self.redirects += 1
        if self.redirects > self.target.redirects:
            return self._ended("redirects", f"sent on more than {self.target.redirects} times")
        following = next_hop(self.target, self.hop, status, location, now)
        if isinstance(following, str):
            return self._ended("redirects", following)
        self.hop = following
        return None

    def _judged(self, status: int) -> Attempt:
        received = self.handle.received
        phases, duration_ms = self._time()
        expires_at = self._certificate()
        answer = Answer(
            status=status,
            duration_ms=duration_ms,
            at=self.started_at,
            headers=read_headers(received),
            body=b"".join(received.chunks),
            is_cut=received.is_cut,
            certificate_expires_at=expires_at,
        )
        return self._attempt(judge(self.target, answer), phases, duration_ms, expires_at)

    def _broken(self, number: int, message: str) -> Attempt:
        hop = self.hop
        if number == pycurl.E_COULDNT_CONNECT and hop.refusal is not None and not hop.was_allowed:
            return self._ended("blocked", f"may not be connected to: {hop.refusal}")
        phases, _ = self._time()
        return self._ended(*explain(number, message, self.handle.system_error, phases.stage))

    def _ended(self, reason: Reason, detail: str) -> Attempt:
        phases, duration_ms = self._time()
        return self._attempt(Verdict("major_outage", reason, detail), phases, duration_ms, self._certificate())

    def _fail(self, reason: Reason, detail: str, now: float) -> Attempt:
        """Ended without a transfer."""
        dns_ms = self.hop.dns_ms
        if reason == "timeout":
            dns_ms = (now - self.hop.began) * MS
        return Attempt("major_outage", reason, detail, self.started_at, (now - self.began) * MS, dns_ms=dns_ms)

    def _time(self) -> tuple[Phases, float]:
        """The hop's phases, and the milliseconds from the check's start to the hop's end."""
        times = self.handle.times
        is_tls = self.hop.where is not None and self.hop.where.scheme == "https"
        return part(times, is_tls=is_tls), (self.hop.began - self.began + times.total) * MS

    def _certificate(self) -> datetime | None:
        is_tls = self.hop.where is not None and self.hop.where.scheme == "https"
        return self.handle.certificate_expires_at if is_tls else None

    def _attempt(self, verdict: Verdict, phases: Phases, duration_ms: float, expires_at: datetime | None) -> Attempt:
        return Attempt(
            outcome=verdict.outcome,
            reason=verdict.reason,
            detail=verdict.detail,
            started_at=self.started_at,
            duration_ms=duration_ms,
            dns_ms=self.hop.dns_ms,
            connect_ms=phases.connect_ms,
            tls_ms=phases.tls_ms,
            wait_ms=phases.wait_ms,
            transfer_ms=phases.transfer_ms,
            status_code=self.handle.status,
            body_bytes=self.handle.received.size,
            address=self.handle.connected_to,
            certificate_expires_at=expires_at,
            assertions=verdict.assertions,
        )


def read_headers(received: Received) -> tuple[tuple[str, str], ...]:
    """Names and values of the lines that are headers."""
    lines = (line.decode("latin-1").partition(":") for line in received.headers)
    return tuple((name.strip(), value.strip()) for name, colon, value in lines if colon)
