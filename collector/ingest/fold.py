"""Lines of a journal, judged and counted while they are handed on to be stored. Pure.

It knows the form that common/journal.py states, and is strict: what it lets through and PostgreSQL refuses costs a
search among thousands of lines, and what it would count otherwise than PostgreSQL does costs the truth.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from collector.ingest.batch import Piece
from collector.ingest.counting import Minute, Request
from collector.ingest.quarantine import Quarantined, refuse
from common.journal import COLUMNS, LARGEST_AMOUNT, LONGEST_LINE, NULL, WRITERS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000  # Times are microseconds since 1970 here, as in the ids of lines
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
OLDEST = timedelta(days=29)  # raw rows are kept for 30
OLDEST_MINUTES = timedelta(days=6)  # minutes are kept for 7
NEWEST = timedelta(days=6)  # partitions are made for 7
AMOUNTS = range(LARGEST_AMOUNT + 1)
LONGEST_ENDPOINT = 500
LONGEST_METHOD = 20
STATUSES = range(100, 600)
BOOLEANS = ("t", "f")
UTC_ZONES = ("+00", "+00:00", "Z")
NO_LETTER = "it holds what is no letter"

PERSONAL = [COLUMNS.index(name) for name in ("user_id", "ip_address", "user_agent", "request_id", "problem_detail")]


class BadLine(Exception):
    """A line that is none; its text is the reason."""


class Fold:
    """The lines of one transaction. `erased` tells up to when lines of a person, by id, are made nobody's."""

    def __init__(self, now: datetime, erased: Mapping[str, int]) -> None:
        self.lines = 0
        self.lines_of_hour: Counter[int] = Counter()
        self.probes_of_hour: Counter[int] = Counter()
        self.requests: defaultdict[Minute, list[Request]] = defaultdict(list)
        self.bad: list[Quarantined] = []
        self._oldest, self._newest = microseconds(now - OLDEST), microseconds(now + NEWEST)
        self._oldest_minutes = microseconds(now - OLDEST_MINUTES)
        self._erased = erased
        self._seconds: dict[str, int] = {}
        self._people = {NULL: NULL}

    def take(self, lines: Piece) -> bytes:
        """Count whole lines; what of them is to be stored."""
        texts, is_suspect = _texts_of(lines.content)
        changed: dict[int, str | BadLine] = {}
        for index, text in enumerate(texts):
            try:
                if is_suspect:
                    _check_letters(text)
                stored = self._count(text)
            except BadLine as fault:
                changed[index] = fault
            else:
                if stored is not text:
                    changed[index] = stored
        return self._put_together(lines, changed) if changed else lines.content

    def refuse(self, piece: Piece) -> None:
        """Note what is no line."""
        refuse(self.bad, piece)

    def without_people(self, content: bytes) -> bytes:
        """What may be kept of bad lines: nothing, where somebody is named whose traces are taken away."""
        return b"" if any(person.encode() in content for person in self._erased) else content

    def _put_together(self, lines: Piece, changed: Mapping[int, str | BadLine]) -> bytes:
        stored, position = [], lines.position
        for index, line in enumerate(lines.content[:-1].split(b"\n")):
            content, change = line + b"\n", changed.get(index)
            if isinstance(change, BadLine):
                self.refuse(Piece(lines.segment, position, content, str(change)))
            else:
                stored.append(content if change is None else change.encode() + b"\n")
            position += len(content)
        return b"".join(stored)

    def _count(self, text: str) -> str:
        """Judge a line and count it whole, or raise BadLine; as it is to be stored."""
        fields = text.split("\t")
        if len(fields) != len(COLUMNS):
            raise BadLine(f"it has {len(fields)} fields, not {len(COLUMNS)}")
        at, endpoint, method, status, duration, received, answered, is_probe, user, number, *_ = fields
        try:
            moment = int(number) // WRITERS
            request = int(status), int(duration), int(received), int(answered)
            is_its_time = moment == self._second(at[:19]) + int(at[20:26]) and at[26:] in UTC_ZONES
            person = self._people.get(user) or self._person(user)
        except ValueError:
            raise BadLine("a number, a time or a person's id in it is none") from None
        if not is_its_time or not self._oldest <= moment <= self._newest:
            raise BadLine("its time is not that of its id, too old or too far ahead")
        _check(request, endpoint, method, is_probe, len(text))
        hour = moment // HOUR
        self.lines += 1
        self.lines_of_hour[hour] += 1
        if is_probe == "t":
            self.probes_of_hour[hour] += 1
        elif moment >= self._oldest_minutes:
            self.requests[moment // MINUTE, endpoint, method].append(request)
        return _without_person(fields) if moment <= self._erased.get(person, -1) else text

    def _second(self, text: str) -> int:
        """A time without its fraction; lines of a second come together."""
        second = self._seconds.get(text)
        if second is None:
            second = self._seconds[text] = microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))
        return second

    def _person(self, text: str) -> str:
        """An id as `erased` spells it."""
        person = self._people[text] = str(UUID(text))
        return person


def microseconds(moment: datetime) -> int:
    """A time as ids hold it."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment_of(number: int, unit: int) -> datetime:
    """The begin of a minute or an hour by its number."""
    return EPOCH + timedelta(microseconds=number * unit)


def _texts_of(content: bytes) -> tuple[list[str], bool]:
    """Lines as texts, and whether there is something in one of them that no text of PostgreSQL may hold."""
    try:
        return content.decode().split("\n")[:-1], b"\0" in content
    except UnicodeDecodeError:
        return content.decode(errors="surrogateescape").split("\n")[:-1], True


def _check_letters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadLine(NO_LETTER) from None
    if "\0" in text:
        raise BadLine(NO_LETTER)


def _check(request: Request, endpoint: str, method: str, is_probe: str, letters: int) -> None:
    status, duration, received, answered = request
    if status not in STATUSES or not (duration in AMOUNTS and received in AMOUNTS and answered in AMOUNTS):
        raise BadLine("a number in it is out of bounds")
    if not (0 < len(endpoint) <= LONGEST_ENDPOINT and 0 < len(method) <= LONGEST_METHOD):
        raise BadLine("its endpoint or its method has no length that one has")
    if "\\" in endpoint or "\\" in method:  # counted as it stands here, stored as PostgreSQL reads it
        raise BadLine("its endpoint or its method holds a backslash")
    if is_probe not in BOOLEANS or letters > LONGEST_LINE:
        raise BadLine("it is too long, or does not say whether it is a probe's")


def _without_person(fields: list[str]) -> str:
    return "\t".join(NULL if index in PERSONAL else field for index, field in enumerate(fields))
