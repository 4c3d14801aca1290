"""What an answer means for the one who expects something of it. Pure: an answer and a target in, a verdict out."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from collector.probing.outcome import Outcome, Reason
from collector.probing.target import Target
from common import json_path, patterns
from common.assertions import BodyContains, BodyMatches, CertificateDays, Header, Json, Latency

BODY_CAP = 1_048_576
LONGEST_OBSERVED = 200
CHARSETS = ("utf-8", "iso-8859-1", "windows-1252", "us-ascii")  # others cost more to read than they tell
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Answer:
    """What came back: enough to judge it."""

    status: int
    duration_ms: float
    at: datetime
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    is_cut: bool = False  # the body was longer than what is kept of it
    certificate_expires_at: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """What it means; `assertions` holds for each what was observed and whether it holds."""

    outcome: Outcome
    reason: Reason | None = None
    detail: str | None = None
    assertions: list[dict[str, Any]] | None = None


@dataclass(frozen=True)
class Finding:
    """What an assertion met. `is_blind`: it could not see all it had to."""

    observed: str | float | None
    holds: bool
    is_blind: bool = False


def judge(target: Target, answer: Answer) -> Verdict:
    """The status decides first, then the assertions, then how long it took. All assertions are looked at."""
    seen = Seen(answer)
    findings = [JUDGES[type(demand)](demand, seen) for demand in target.assertions]
    told = [
        {"assertion": demand.told, "observed": cut(finding.observed), "holds": finding.holds}
        for demand, finding in zip(target.assertions, findings, strict=True)
    ] or None
    if answer.status not in target.expected:
        wanted = ", ".join(target.expected_status)
        return Verdict("major_outage", "status", f"answered {answer.status}, expected {wanted}", told)
    failed = [number for number, finding in enumerate(findings) if not finding.holds]
    if failed:
        return _failed(target.assertions[failed[0]], findings[failed[0]], len(failed), told)
    if answer.duration_ms > target.degraded_after_ms:
        detail = f"took {answer.duration_ms:.0f} ms, slow is over {target.degraded_after_ms:.0f} ms"
        return Verdict("degraded", None, detail, told)
    return Verdict("operational", None, None, told)


def _failed(demand: Any, finding: Finding, failures: int, told: list[dict[str, Any]] | None) -> Verdict:
    more = f" and {failures - 1} more" if failures > 1 else ""
    if finding.is_blind:
        return Verdict("major_outage", "too_large", f"the body is longer than what {demand.kind} may read{more}", told)
    return Verdict("major_outage", "assertion", f"{demand.kind} does not hold{more}", told)


def cut(observed: str | float | None) -> str | float | None:
    """An observed value as it is kept: short, and without what no database takes."""
    return observed[:LONGEST_OBSERVED].replace("\0", "\ufffd") if isinstance(observed, str) else observed


@dataclass
class Seen:
    """An answer as assertions look at it; body and document are read at most once."""

    answer: Answer
    _read: dict[str, Any] = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        """The header's value, or its values joined by commas."""
        values = [value for given, value in self.answer.headers if given.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def body(self) -> bytes:
        """The body as it was meant: unpacked, though it was asked for as it is."""
        if "body" not in self._read:
            self._read["body"], self._read["is_cut"] = unpack(self.answer.body, self.header("content-encoding"))
        found: bytes = self._read["body"]
        return found

    @property
    def is_cut(self) -> bool:
        """Whether there is more of the body than `body` has."""
        return bool(self.body is not None and (self._read["is_cut"] or self.answer.is_cut))

    @property
    def text(self) -> str:
        """The body as text; what cannot be read is replaced."""
        if "text" not in self._read:
            self._read["text"] = self.body.decode(charset_of(self.header("content-type")), errors="replace")
        found: str = self._read["text"]
        return found

    @property
    def document(self) -> Any:
        """The body as JSON, or `NONE_FOUND`."""
        if "document" not in self._read:
            try:
                self._read["document"] = orjson.loads(self.body)
            except orjson.JSONDecodeError:
                self._read["document"] = json_path.NONE_FOUND
        return self._read["document"]


def unpack(body: bytes, encoding: str | None) -> tuple[bytes, bool]:
    """The body unpacked up to the cap, and whether there is more; as it is when it is packed in an unknown way."""
    if not encoding or encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body, False
    reader = zlib.decompressobj(GZIP_OR_ZLIB)
    try:
        unpacked = reader.decompress(body, BODY_CAP)
    except zlib.error:
        return body, False
    return unpacked, bool(reader.unconsumed_tail)


def charset_of(content_type: str | None) -> str:
    """The charset that was said, where we read it; UTF-8 else."""
    said = (content_type or "").lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    return said if said in CHARSETS else "utf-8"


def judge_body_contains(demand: BodyContains, seen: Seen) -> Finding:
    """Observed: the text around what was found, else how the body begins."""
    at = seen.text.find(demand.value)
    return Finding(seen.text[max(0, at - 50) :][:LONGEST_OBSERVED], at >= 0, is_blind=seen.is_cut)


def judge_body_matches(demand: BodyMatches, seen: Seen) -> Finding:
    """Observed: how the body begins."""
    is_long = seen.is_cut or len(seen.text) > patterns.LONGEST_TEXT
    return Finding(seen.text[:LONGEST_OBSERVED], patterns.matches(demand.pattern, seen.text), is_blind=is_long)


def judge_header(demand: Header, seen: Seen) -> Finding:
    """Observed: the header's value."""
    value = seen.header(demand.name)
    if value is None:
        return Finding(None, False)
    if demand.equals is not None:
        return Finding(value, value == demand.equals)
    if demand.contains is not None:
        return Finding(value, demand.contains in value)
    return Finding(value, patterns.matches(demand.matches or "", value))


def judge_json(demand: Json, seen: Seen) -> Finding:
    """Observed: the value as JSON, or how a body begins that is none."""
    if seen.document is json_path.NONE_FOUND:
        return Finding(seen.text[:LONGEST_OBSERVED], False, is_blind=seen.is_cut)
    value = json_path.find(demand.path, seen.document)
    if value is json_path.NONE_FOUND:
        return Finding(None, False)
    return Finding(_show(value), _compares(demand, value))


def _show(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # it reads more brackets within brackets than it writes
        return f"a {type(value).__name__} too deep to be shown"


def _compares(demand: Json, value: Any) -> bool:
    if "equals" in demand.model_fields_set:
        return is_same(value, demand.equals)
    if demand.matches is not None:
        return isinstance(value, str) and patterns.matches(demand.matches, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if demand.at_least is not None:
        return value >= demand.at_least
    return demand.at_most is not None and value <= demand.at_most


def is_same(one: Any, other: Any) -> bool:
    """Equality of JSON: true is not 1, though Python has it so."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    return bool(one == other)


def judge_certificate_days(demand: CertificateDays, seen: Seen) -> Finding:
    """Observed: the days left; none without TLS."""
    expires_at = seen.answer.certificate_expires_at
    if expires_at is None:
        return Finding(None, False)
    days = (expires_at - seen.answer.at).total_seconds() / SECONDS_A_DAY
    return Finding(round(days, 1), days >= demand.at_least)


def judge_latency(demand: Latency, seen: Seen) -> Finding:
    """Observed: the milliseconds it took."""
    return Finding(round(seen.answer.duration_ms, 1), seen.answer.duration_ms <= demand.at_most_ms)


JUDGES: dict[type, Callable[[Any, Seen], Finding]] = {
    BodyContains: judge_body_contains,
    BodyMatches: judge_body_matches,
    Header: judge_header,
    Json: judge_json,
    CertificateDays: judge_certificate_days,
    Latency: judge_latency,
}
