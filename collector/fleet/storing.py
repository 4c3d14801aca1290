"""One transaction for a batch: what is new of it, all that follows from it, and which numbers are seen by then.

So a message is stored once, whoever is killed when: it is acknowledged after this, and what comes again is seen.
"""

import io
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.pool import PoolProxiedConnection

from collector.fleet.alarms import raise_alarms
from collector.fleet.answers import Ended, end_commands
from collector.fleet.batch import Batch, Said
from collector.fleet.seen_memory import Place, SeenMemory, Stage
from collector.fleet.words import Letter, Word
from sql import device_log, statements
from sql.device_log import Run

COPY_TELEMETRY = (
    "COPY device_telemetry (device_id, boot, seq, happened_at, created_at, battery_level, rssi, temperature,"
    " uptime_seconds) FROM STDIN"
)

sql = statements.load("fleet_ingest")


@dataclass
class Stored:
    """What a transaction wrote, for counting once it is committed."""

    batch: Batch
    stage: Stage
    ended: Ended = field(default_factory=Ended)
    alarms: list[str] = field(default_factory=list)


def store(connection: PoolProxiedConnection, memory: SeenMemory, said: Sequence[Said], now: datetime) -> Stored:
    """Write what was said, within the caller's transaction. Raises the driver's errors."""
    run = partial(statements.run, connection)
    memory.load(run, {place for one in said if (place := _place_of(one)) is not None})
    stage = memory.stage()
    batch = Batch(now)
    batch.add(said, stage)
    stored = Stored(batch, stage)
    _copy(connection, batch.telemetry)
    _project(run, batch)
    stored.ended = end_commands(run, batch.answers)
    _spend_codes(run, batch)
    _judge_unsigned(run, batch)
    device_log.append(run, [*batch.drafts, *stored.ended.drafts])
    stored.alarms = raise_alarms(connection, batch.alarms, now)
    _close_gaps(run, memory, stored)
    stage.write(run)
    store_letters(run, batch.letters, now)
    return stored


def _place_of(one: Said) -> Place | None:
    if type(one) is Word:
        return one.device.id, one.boot
    if type(one) is Letter and one.place is not None:
        device, boot, _ = one.place
        return device.id, boot
    return None


def _copy(connection: PoolProxiedConnection, lines: Sequence[str]) -> None:
    if lines:
        with closing(connection.cursor()) as cursor:
            cursor.copy_expert(COPY_TELEMETRY, io.BytesIO("".join(lines).encode()))


def _project(run: Run, batch: Batch) -> None:
    states = [
        {"device_id": device, "is_heard": said.is_heard, **said.values} for device, said in batch.projections.items()
    ]
    if states:
        rows = run(sql.project_states, states=orjson.dumps(states).decode())
        batch.note_online(UUID(device) for (device,) in rows)


def _spend_codes(run: Run, batch: Batch) -> None:
    if batch.pin_uses:
        uses = sorted(batch.pin_uses.items())
        run(
            sql.count_code_uses,
            device_ids=[device for (device, _), _ in uses],
            pin_ids=[pin_id for (_, pin_id), _ in uses],
            uses=[count for _, count in uses],
        )
    if batch.qr_uses:
        rows = run(
            sql.spend_qr_codes,
            device_ids=[device.id for device, _ in batch.qr_uses],
            nonces=[nonce for _, nonce in batch.qr_uses],
        )
        batch.note_spent((UUID(device), nonce) for device, nonce in rows)


def _judge_unsigned(run: Run, batch: Batch) -> None:
    if batch.unsigned:
        rows = run(
            sql.find_newly_signed,
            device_ids=[device for device, _ in batch.unsigned],
            command_ids=[command_id for _, command_id in batch.unsigned],
        )
        batch.note_unsigned((UUID(device), UUID(command_id)) for device, command_id in rows)


def _close_gaps(run: Run, memory: SeenMemory, stored: Stored) -> None:
    """What a lock has forgotten is not waited for any more; it may be told so."""
    lost = stored.ended.lost
    if not lost:
        return
    memory.load(run, {(one.device, one.boot) for one in lost})
    touched = {device.id: boots for device, boots in stored.batch.touched.items()}
    for one in lost:
        touched[one.device].add(one.boot)
        stored.stage.add_range((one.device, one.boot), one.first, one.last)


def store_letters(run: Run, letters: Iterable[Letter], now: datetime) -> None:
    """Keep what nobody can use."""
    rows = [_row_of(letter) for letter in letters]
    if rows:
        run(sql.store_dead_letters, letters=orjson.dumps(rows).decode(), moment=now)


def _row_of(letter: Letter) -> dict[str, Any]:
    heard = letter.heard
    return {
        "topic": heard.topic.decode(errors="backslashreplace").replace("\0", "\\0")[:200],
        "payload": heard.payload.hex(),
        "payload_bytes": heard.size,
        "reason": letter.reason.replace("\0", "\\0")[:200],
    }
