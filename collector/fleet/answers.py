"""What locks answer to commands becomes their ends, within the transaction that stores the locks' messages.

It must not know how messages come in, nor count anything: a transaction may yet fail.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from collector.fleet.command_metrics import Outcome
from sql import statements
from sql.device_log import Draft, Run
from sql.statements import Row

ENDS = {"succeeded": "acknowledged", "failed": "failed", "rejected": "rejected"}
FORGOTTEN = "forgotten"
TOO_LATE = "obeyed, but too late to count"
LOST_AFTER = timedelta(seconds=20)  # what a lock sends again may come after its answer, but not that much
PAST = {"UNLOCK": "Unlocked", "LOCK": "Locked", "REBOOT": "Rebooted"}  # those that a person asks for, and the log has
INFINITIVE = {"UNLOCK": "Unlock", "LOCK": "Lock", "REBOOT": "Reboot"}

sql = statements.load("device_commands")


@dataclass(frozen=True, slots=True)
class Answer:
    """A lock's word on a command; `happened_at` by its clock."""

    device: UUID
    command_id: UUID
    result: str
    reason: str | None
    happened_at: datetime
    boot: int
    seq: int


@dataclass(frozen=True, slots=True)
class Lost:
    """Numbers of a boot that its lock has no more: nobody need wait for them."""

    device: UUID
    boot: int
    first: int
    last: int


@dataclass
class Ended:
    """What answers came to: entries to append, what to count once it is committed, and gaps to close."""

    drafts: list[Draft] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    ignored: int = 0


def end_commands(run: Run, answers: Sequence[Answer]) -> Ended:
    """Store what `answers` say of the commands that their own locks were sent; ignore what they say of any other."""
    ended = Ended()
    if not answers:
        return ended
    words = fold(answers)
    rows = run(
        sql.end_commands,
        device_ids=[answer.device for answer in words],
        command_ids=[answer.command_id for answer in words],
        ends=[ENDS.get(answer.result) for answer in words],
        reasons=[answer.reason for answer in words],
        too_late=TOO_LATE,
    )
    ended.ignored = len(words) - len(rows)
    own = {(answer.device, answer.command_id): answer for answer in words}  # a lock may name a command of another
    told = [(row, own[UUID(row[1]), UUID(row[0])]) for row in rows]
    lost = _find_lost(run, told)
    for row, answer in told:
        _note_end(ended, row, answer, is_lost=row[0] in lost)
    return ended


def fold(answers: Iterable[Answer]) -> list[Answer]:
    """One answer for each command of a device: the first that ends it, else the last. In the order of their locks."""
    folded: dict[tuple[UUID, UUID], Answer] = {}
    for answer in sorted(answers, key=lambda one: (one.device, one.boot, one.seq)):
        key = answer.device, answer.command_id
        if key not in folded or folded[key].result not in ENDS:
            folded[key] = answer
    return list(folded.values())


def describe(command: str, *, success: bool, reason: str | None = None) -> str:
    """What the log says of a person's command."""
    text = PAST[command] if success else f"{INFINITIVE[command]} failed"
    return f"{text}: {reason}" if reason else text


def _note_end(ended: Ended, row: Row, answer: Answer, *, is_lost: bool) -> None:
    _, _, command, user_id, ip_address, params, stood, known_reason, seconds = row
    end = ENDS.get(answer.result)
    if stood == "expired" and end == "acknowledged" and known_reason != TOO_LATE:
        ended.outcomes.append(Outcome(command, "late", seconds))
    elif stood == "sent" and end is not None:
        ended.outcomes.append(Outcome(command, end, seconds))
    else:
        return
    if command in PAST:
        ended.drafts.append(_draft_end(answer, command, user_id, ip_address, is_late=stood == "expired"))
    if is_lost:
        ended.lost.append(Lost(answer.device, params["boot"], params["from"], params["to"]))
        ended.drafts.append(_draft_gap(ended.lost[-1]))


def _draft_end(answer: Answer, command: str, user_id: str | None, ip_address: str | None, *, is_late: bool) -> Draft:
    success = answer.result == "succeeded"
    reason = "after it had expired" if is_late else None if success else answer.reason or answer.result
    return Draft(
        device_id=answer.device,
        event_type=command,
        description=describe(command, success=success, reason=reason),
        success=success,
        user_id=UUID(user_id) if user_id else None,
        ip_address=ip_address,
        happened_at=answer.happened_at,
        boot=answer.boot,
        seq=answer.seq,
    )


def _draft_gap(lost: Lost) -> Draft:
    numbers = f"Message {lost.first}" if lost.first == lost.last else f"Messages {lost.first} to {lost.last}"
    verb = "is" if lost.first == lost.last else "are"
    text = f"{numbers} of boot {lost.boot} {verb} lost: the lock has forgotten"
    return Draft(device_id=lost.device, event_type="GAP", description=f"{text} them", success=False)


def _find_lost(run: Run, told: Iterable[tuple[Row, Answer]]) -> set[str]:
    """The BACKFILLs, by id, whose numbers are gone for good."""
    asked = [answer for row, answer in told if row[2] == "BACKFILL" and row[6] == "sent"]
    forgotten = [answer.command_id for answer in asked if _has_forgotten(answer)]
    if not forgotten:
        return set()
    return {command_id for (command_id,) in run(sql.find_lost_ranges, ids=forgotten, pause=LOST_AFTER)}


def _has_forgotten(answer: Answer) -> bool:
    return answer.result == "failed" and answer.reason == FORGOTTEN
