"""The broker's accounts: which text its password file should have, and telling a running Mosquitto to read it.

Everything in the file is derived, so it can be written anew at any time, and the same locks give the same text.
"""

import os
import signal
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from urllib.parse import unquote, urlsplit
from uuid import UUID

from collector.errors import CollectorError
from common.broker_accounts import KEY_ITERATIONS, SALT_BYTES, account_line, house_lines
from common.lock_protocol.keys import as_text, derive_key
from sql.statements import Row

NOBODY = UUID(int=0)  # no lock's: the house's accounts have salts of their own
BROKER = "mosquitto"
CONFIRM_SECONDS = 0.7
CATCHES_HANGUP = 1 << (signal.SIGHUP - 1)


@dataclass(frozen=True)
class Told:
    """Which process of the broker was told to read which text, and when; whether for the second time."""

    pid: int
    started: str
    text: str
    at: float = field(default=0.0, compare=False)
    is_confirmed: bool = field(default=False, compare=False)


def lines_of(devices: Iterable[Row], device_key: str, known: Mapping[Row, str]) -> dict[Row, str]:
    """The line of each lock (row id, device_id, version of its password); those that are `known` cost no hash."""
    return {device: known.get(device) or _line(device, device_key) for device in devices}


def _line(row: Row, device_key: str) -> str:
    row_id, device_id, version = row
    device = UUID(row_id)
    password = as_text(derive_key(device_key, "mqtt", device, version))
    return account_line(device_id, password, _salt(device_key, device, version), KEY_ITERATIONS)


def render(lines: Iterable[str], device_key: str, house_password: str) -> str:
    """The whole file: the house's accounts, and the lines of locks."""
    return house_lines(house_password, _salt(device_key, NOBODY, 1)) + "".join(lines)


def _salt(device_key: str, device: UUID, version: int) -> bytes:
    return derive_key(device_key, "mqtt-salt", device, version)[:SALT_BYTES]


def password_of(mqtt_url: str) -> str:
    """The collector's own password at the broker."""
    return unquote(urlsplit(mqtt_url).password or "")


def write_when_changed(path: Path, text: str) -> bool:
    """Make `text` the file's content, whole or not at all; whether that was a change. Raises CollectorError."""
    try:
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return False
        _replace(path, text)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise CollectorError(f"BROKER_ACCOUNTS: cannot read and write {path} ({reason})") from None
    return True


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if path.parent.stat().st_mode & stat.S_ISGID:  # the broker runs as another user, and the folder's group is its
            os.fchmod(handle, 0o640)
        os.fsync(handle)
    unfinished.rename(path)


def tell_broker(pid_file: Path, text: str, told: Told | None) -> Told | None:
    """Let the broker read its accounts, unless this very process of it was told of this very `text`; what it knows now.

    None when there is no broker that could be told: one that is starting reads them by itself, or at the next call.
    """
    found = find_broker(pid_file)
    if found is None:
        return None
    now = Told(*found, text, monotonic())
    if now == told:
        return told
    os.kill(now.pid, signal.SIGHUP)
    return now


def confirm(pid_file: Path, told: Told | None) -> Told | None:
    """Tell once more what was told a while ago: Mosquitto forgets a SIGHUP that comes while it heeds another."""
    if told is None or told.is_confirmed or monotonic() - told.at < CONFIRM_SECONDS:
        return told
    if find_broker(pid_file) == (told.pid, told.started):
        os.kill(told.pid, signal.SIGHUP)
    return replace(told, is_confirmed=True)


def find_broker(pid_file: Path) -> tuple[int, str] | None:
    """Process number and start of the Mosquitto that wrote `pid_file`, once it can be told; None when there is none.

    The number may be another program's by now; and a Mosquitto that still loads what it kept dies of SIGHUP.
    """
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        facts = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
        started = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, ValueError):
        return None
    told = dict(line.partition(":\t")[::2] for line in facts.splitlines())
    is_broker = told["Name"] == BROKER and int(told["SigCgt"], 16) & CATCHES_HANGUP
    return (pid, started) if is_broker else None
