"""What a batch of messages comes to, put in the order of the tables. Pure, given what is seen.

Nothing here is written yet; it may be put together again when the database refuses a part of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from collector.fleet.alarms import Alarm
from collector.fleet.answers import Answer
from collector.fleet.projecting import Projection
from collector.fleet.seen_memory import Stage
from collector.fleet.words import Device, Happening, Letter, Result, StatusWord, Telemetry, Word
from sql.device_log import Draft

Said = Word | StatusWord | Letter
Spent = tuple[UUID, str]  # a device and the nonce of a QR code


@dataclass
class Batch:
    """Rows to be, by their tables, and the boots of each lock that were touched."""

    now: datetime
    telemetry: list[str] = field(default_factory=list)
    projections: dict[UUID, Projection] = field(default_factory=lambda: defaultdict(Projection))
    answers: list[Answer] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    unsigned: dict[tuple[UUID, UUID], Alarm] = field(default_factory=dict)  # by device and the command that it refused
    pin_uses: Counter[tuple[UUID, int]] = field(default_factory=Counter)
    qr_uses: list[tuple[Device, str]] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    touched: dict[Device, set[int]] = field(default_factory=lambda: defaultdict(set))
    duplicates: int = 0

    def add(self, said: Iterable[Said], stage: Stage) -> None:
        """Sort in what was said; of numbered messages only what is not seen."""
        for one in said:
            if type(one) is Word:
                self._add_word(one, stage)
            elif type(one) is StatusWord:
                self.projections[one.device.id].add_status(one)
            elif type(one) is Letter:
                self._add_letter(one, stage)

    def _add_word(self, word: Word, stage: Stage) -> None:
        device, boot, seq, ts, body, heard = word
        is_new = stage.add((device.id, boot), seq)
        if is_new is None:
            self.letters.append(
                Letter(heard, "gaps", "too many gaps: more than 1000 in a boot, or 200 boots with some")
            )
            return
        self.touched[device].add(boot)
        if not is_new:
            self.duplicates += 1
            return
        self.projections[device.id].add_word(word)
        if type(body) is Telemetry:
            self._add_telemetry(device, boot, seq, ts, body)
        elif type(body) is Happening:
            self._add_happening(word, body)
        elif type(body) is Result:
            self.answers.append(Answer(device.id, *body, moment_of(ts), boot, seq))

    def _add_letter(self, letter: Letter, stage: Stage) -> None:
        """It is kept once, however often it comes; its lock may forget it."""
        is_new: bool | None = True
        if letter.place is not None:
            device, boot, seq = letter.place
            is_new = stage.add((device.id, boot), seq)
            if is_new is not None:
                self.touched[device].add(boot)
        if is_new is False:
            self.duplicates += 1
        elif letter.is_kept:
            self.letters.append(letter)

    def _add_telemetry(self, device: Device, boot: int, seq: int, ts: int, body: Telemetry) -> None:
        battery, rssi, temperature, uptime = body
        degrees = "\\N" if temperature is None else temperature
        self.telemetry.append(
            f"{device.id}\t{boot}\t{seq}\t{moment_of(ts)}\t{self.now}\t{battery}\t{rssi}\t{degrees}\t{uptime}\n"
        )

    def _add_happening(self, word: Word, body: Happening) -> None:
        device = word.device
        self.drafts.append(
            Draft(
                device_id=device.id,
                event_type=body.event_type,
                description=body.description,
                success=body.success,
                user_id=body.user_id,
                happened_at=moment_of(word.ts),
                boot=word.boot,
                seq=word.seq,
            )
        )
        if body.pin_id is not None:
            self.pin_uses[device.id, body.pin_id] += 1
        if body.nonce is not None:
            self.qr_uses.append((device, body.nonce))
        if body.alarm is not None:
            alarm = Alarm(body.alarm, device.id, device.name, f"{device.name} {body.warning}.")
            if body.unsigned is None:
                self.alarms.append(alarm)
            else:
                self.unsigned[device.id, body.unsigned] = alarm

    def note_spent(self, fresh: Iterable[Spent]) -> None:
        """Of the QR codes of this batch, these were not spent before: any other was used twice."""
        unspent = set(fresh)
        for device, nonce in self.qr_uses:
            if (device.id, nonce) in unspent:
                unspent.discard((device.id, nonce))
                continue
            message = f"{device.name} opened with a QR code that had been used before."
            self.alarms.append(Alarm("qr_reused", device.id, device.name, message))

    def note_unsigned(self, own: Iterable[tuple[UUID, UUID]]) -> None:
        """These commands are ours, to locks that do not know their new keys yet; any other is forged."""
        known = set(own)
        self.alarms += [alarm for place, alarm in self.unsigned.items() if place not in known]

    def note_online(self, devices: Iterable[UUID]) -> None:
        """These were offline before."""
        self.drafts += [
            Draft(device_id=device, event_type="ONLINE", description="The lock is online") for device in devices
        ]


def moment_of(ts: int) -> datetime:
    """A lock's word on the time."""
    return datetime.fromtimestamp(ts / 1000, UTC)
