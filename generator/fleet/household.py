"""A lock with its people: what each deed is, through the service where it is there, at the lock alone where not.

Every deed notes in `ledger` what the house must have in the lock's log because of it, but for what the lock tells by
itself: that is counted where it is told.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from random import Random
from typing import Any

from generator.fleet.claims import Claim
from generator.fleet.keypad import begin_attempt, finish_pin, match_pin, refuse_locked_out, show_qr
from generator.fleet.memory import Memory
from generator.fleet.mounted import MountedLock
from generator.fleet.residents import Door, Resident, Told, bearer_call
from generator.ledger import Ledger, Verdict
from generator.messages import Call, Reach

PINS = "/api/v1/access/pins/"
QR = "/api/v1/access/qr/"
WAIT_SECONDS = 5
STANDING_PINS = 2
CLEANERS_HOURS = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "07:00", "to": "19:00"}]
_SENT = frozenset({HTTPStatus.OK, HTTPStatus.ACCEPTED})
_REFUSED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT})


@dataclass
class Household:
    """One lock, who owns it, who is a guest, and how they came to it."""

    mounted: MountedLock
    claim: Claim
    owner: Resident
    guest: Resident
    door: Door
    memory: Memory
    ledger: Ledger
    luck: Random

    async def settle_in(self) -> None:
        """The guest's share, and the PINs that people know by heart; again and again this changes nothing."""
        await self.guest.ask("GET", "/api/v1/devices/")  # to have an account
        until = datetime.now(UTC) + timedelta(days=30)
        share = {"shared_with": self.guest.email, "can_lock": False, "valid_until": until.isoformat()}
        await self.owner.ask("POST", f"{self.claim.path}shares/", share)
        for name, schedule in (("Family", None), ("Cleaners", CLEANERS_HOURS))[len(self.claim.pins) :]:
            await self.add_pin(name, schedule=schedule)

    async def command(self, who: Resident, command: str) -> None:
        """Ask in the app: whatever comes of it stands in the log, a refusal too."""
        key = self._open(command.upper())
        told = await who.ask("POST", f"{self.claim.path}{command}/", None, {"wait": str(WAIT_SECONDS)})
        is_sent, is_refused = told.status in _SENT, told.status in _REFUSED
        self._settle(key, told, is_logged=is_sent or is_refused)
        if is_sent and told.data.get("status") != "acknowledged":
            self._open(command.upper())  # a late answer of the lock may stand there, too

    async def enter_pin(self, pin: str) -> None:
        """Somebody types a PIN: the lock asks the house, and decides by itself when that does not answer."""
        told = await self._ask_house("PIN", f"{PINS}verify/", {"pin": pin})
        if told is not None:
            return self._move(is_granted=bool(told.get("granted")))
        mounted, lock = self.mounted, self.mounted.lock
        if not begin_attempt(lock, mounted.now):
            refuse_locked_out(lock, "pin", mounted.now)
        else:
            code = await asyncio.to_thread(match_pin, list(lock.record.table.codes), lock.keys.code, pin)
            finish_pin(lock, code, mounted.now)
        return mounted.changed()

    async def hold_qr(self, who: Resident) -> None:
        """Somebody asks for a QR code and holds it before the lock, which now and then decides by itself."""
        told = await who.ask("POST", QR, {"device_id": self.claim.id})
        code = told.data.get("code")
        if told.status != HTTPStatus.OK or not code:
            return None
        if self.luck.random() < 0.5:
            verdict = await self._ask_house("QR", f"{QR}verify/", {"code": code})
            if verdict is not None:
                return self._move(is_granted=bool(verdict.get("granted")))
        show_qr(self.mounted.lock, code, self.mounted.now)
        return self.mounted.changed()

    async def add_pin(self, name: str, **more: Any) -> str | None:
        """The owner makes a PIN and tells somebody."""
        told = await self.owner.ask("POST", PINS, {"device_id": self.claim.id, "name": name, **more})
        if told.status != HTTPStatus.CREATED:
            return None
        pin = str(told.data["pin"])
        if not more.get("one_time"):
            self.claim.pins.append({"id": told.data["id"], "pin": pin})
            self.claim.keep(self.memory)
        return pin

    async def use_one_time_pin(self) -> None:
        """A PIN for one visit, which is tried twice."""
        pin = await self.add_pin("A visit", one_time=True)
        if pin:
            await self.enter_pin(pin)
            await self.enter_pin(pin)

    async def _ask_house(self, kind: str, path: str, body: dict[str, str]) -> dict[str, Any] | None:
        """The house's verdict on a code; None when it has none. Never asked twice: that would be another attempt."""
        if not self.mounted.is_online:
            return None
        granted, denied = self._open(f"{kind}_GRANTED"), self._open(f"{kind}_DENIED")
        lockout = self._open("LOCKOUT")
        answer = await self.door.client.send(_device_call(self.claim, path, body))
        told = Told(answer, is_uncertain=answer.reach is Reach.LOST or answer.status >= 500)
        is_granted = told.status == HTTPStatus.OK and bool(told.data.get("granted"))
        is_denied = told.status == HTTPStatus.TOO_MANY_REQUESTS or (told.status == HTTPStatus.OK and not is_granted)
        self._settle(granted, told, is_logged=is_granted)
        self._settle(denied, told, is_logged=is_denied)
        if not is_denied:
            self._settle(lockout, told, is_logged=False)
        return told.data if is_granted or is_denied else None

    def _move(self, *, is_granted: bool) -> None:
        """The house opened: the lock does so without telling it as its own."""
        if is_granted:
            self.mounted.lock.move_bolt(is_locked=False, now=self.mounted.now)
            self.mounted.changed()

    def _open(self, entry_type: str) -> tuple[str, str]:
        key = (self.claim.device_id, entry_type)
        self.ledger.open(key)
        return key

    def _settle(self, key: tuple[str, str], told: Told, *, is_logged: bool) -> None:
        if is_logged:
            self.ledger.settle(key, Verdict.COUNTED)
        else:
            self.ledger.settle(key, Verdict.UNCERTAIN if told.is_uncertain else Verdict.NOT_COUNTED)


def _device_call(claim: Claim, path: str, body: dict[str, str]) -> Call:
    return bearer_call("POST", path, body, claim.keys["api_key"], {})
