"""What many messages say of a lock, folded into its latest: by (boot, seq), never by when they came. Pure."""

from dataclasses import dataclass, field
from typing import Any

from collector.fleet.words import Body, State, StatusWord, Telemetry, Word

LOW_BATTERY = 20  # below it a battery is low,
GOOD_BATTERY = 25  # and is so until it reaches this: it must not flicker
Order = tuple[int, ...]
NEVER: Order = (-1, -1)


@dataclass(slots=True)
class Projection:
    """The latest of a lock within a batch; `is_heard`: it said something new that is not kept by the broker."""

    is_heard: bool = False
    status: Order = NEVER
    telemetry: Order = NEVER
    state: Order = NEVER
    battery: Order = NEVER
    verdict: Order = NEVER
    values: dict[str, Any] = field(default_factory=dict)

    def add_status(self, word: StatusWord) -> None:
        """A word on its connection: at equal ones an offline is the later, and what was said now tells more."""
        order = word.boot, word.conn, not word.is_online, word.is_live
        self.is_heard |= word.is_live and word.is_online
        if order > self.status:
            self.status = order
            self.values |= {
                "status_boot": word.boot,
                "status_conn": word.conn,
                "is_online": word.is_online,
                "is_live": word.is_live,
            }

    def add_word(self, word: Word) -> None:
        """A numbered message."""
        self.is_heard |= not word.heard.is_retained
        body: Body = word.body
        if type(body) is Telemetry:
            self._add_telemetry((word.boot, word.seq), body)
        elif type(body) is State:
            self._add_state((word.boot, word.seq), body)

    def _add_telemetry(self, order: Order, body: Telemetry) -> None:
        self._add_battery(order, body.battery)
        if order > self.telemetry:
            self.telemetry = order
            self.values["telemetry_boot"], self.values["telemetry_seq"] = order
            self.values["rssi"] = body.rssi
            self.values["temperature"] = body.temperature
            self.values["uptime_seconds"] = body.uptime

    def _add_state(self, order: Order, body: State) -> None:
        self._add_battery(order, body.battery)
        if order > self.state:
            self.state = order
            self.values["state_boot"], self.values["state_seq"] = order
            self.values |= {
                "is_locked": body.is_locked,
                "is_door_open": body.is_door_open,
                "is_jammed": body.is_jammed,
                "firmware_version": body.firmware,
                "codes_version": body.codes_version,
                "codes_hash": body.codes_hash,
            }

    def _add_battery(self, order: Order, level: int) -> None:
        if order > self.battery:
            self.battery = order
            self.values["battery_boot"], self.values["battery_seq"] = order
            self.values["battery_level"] = level
        if order > self.verdict and not LOW_BATTERY <= level < GOOD_BATTERY:
            self.verdict = order
            self.values["is_battery_low"] = level < LOW_BATTERY
