"""Which locks there are, kept in memory: read when it changed, as somebody says; a stranger is looked up by name."""

import time
from collections.abc import Iterable
from threading import Event
from uuid import UUID

from collector.fleet.words import Device
from sql import statements
from sql.device_log import Run
from sql.statements import Row

READ_SECONDS = 0.2  # ten thousand locks take 20 ms, and people may change much
STRANGER_SECONDS = 1.0  # a stranger may speak as often as it likes, and makes us look only so often
MOST_STRANGERS = 10_000

sql = statements.load("fleet_ingest")


class Roster:
    """Devices by the name under which they speak; `call` is for any thread."""

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self._called = Event()
        self._called.set()
        self._read_at = 0.0
        self._looked_at: dict[str, float] = {}
        self._gone: set[str] = set()

    def call(self) -> None:
        """Look again: a device was claimed, renamed or deleted."""
        self._called.set()

    def forget(self) -> None:
        """Much may have changed: read before the next message."""
        self._read_at = 0.0
        self._called.set()

    @property
    def is_stale(self) -> bool:
        """Whether all are to be read before the next message."""
        return self._called.is_set() and time.monotonic() - self._read_at >= READ_SECONDS

    def strangers(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that nobody has, as far as it was not looked a moment ago."""
        since = time.monotonic() - STRANGER_SECONDS
        return [name for name in set(names) if self._looked_at.get(name, since) <= since]

    def take_gone(self) -> set[str]:
        """The names whose locks were deleted since this was asked before, though another may have one by now."""
        gone, self._gone = self._gone, set()
        return gone

    def read(self, run: Run) -> None:
        """Read all; who has not changed stays the same object."""
        self._called.clear()
        self._read_at = time.monotonic()
        before, self.devices = self.devices, {}
        for row in run(sql.read_fleet):
            self._add(row, before.get(row[1]))
        self._gone |= {name for name, device in before.items() if not self._has(name, device.id)}

    def find(self, run: Run, names: list[str]) -> None:
        """Look for strangers: a lock may speak before we have heard that it was claimed."""
        if len(self._looked_at) > MOST_STRANGERS:
            self._looked_at.clear()
        self._looked_at.update(dict.fromkeys(names, time.monotonic()))
        for row in run(sql.find_in_fleet, names=names):
            self._add(row, None)

    def _has(self, name: str, row_id: UUID) -> bool:
        device = self.devices.get(name)
        return device is not None and device.id == row_id

    def _add(self, row: Row, known: Device | None) -> None:
        row_id, device_id, name = row
        is_same = known is not None and known.name == name and str(known.id) == row_id
        self.devices[device_id] = known if known and is_same else Device(UUID(row_id), device_id, name)
