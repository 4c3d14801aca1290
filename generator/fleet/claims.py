"""How a simulated lock comes to its owner: known from an earlier run, claimed, or its lost credentials made anew."""

from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from time import time
from typing import Any

import orjson

from generator.fleet.memory import Memory
from generator.fleet.outbox import Outbox
from generator.fleet.record import Keys, Record
from generator.fleet.residents import Resident, until_told

DEVICES = "/api/v1/devices/"
PAUSE_SECONDS = 3.0


class NotOursError(Exception):
    """Somebody else has a lock of this name, or the service does not let it be claimed."""


@dataclass
class Claim:
    """A lock that is its owner's: `id` is its row, `pins` the codes that people were told."""

    device_id: str
    id: str
    mqtt: dict[str, str]
    keys: dict[str, str]
    pins: list[dict[str, Any]] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Its place in the API."""
        return f"{DEVICES}{self.id}/"

    def keep(self, memory: Memory) -> None:
        """Write down what is told only once."""
        memory.write_credentials(self.device_id, orjson.dumps(self))


@dataclass
class Claims:
    """Claims locks for people, and keeps what was told in `memory`."""

    memory: Memory

    async def find(self, owner: Resident, device_id: str, name: str, timezone: str) -> Claim:
        """The claim of a lock, whatever it takes; waits while the service is away. Raises NotOursError."""
        kept = self.memory.read_credentials(device_id)
        if kept:
            claim = Claim(**orjson.loads(kept))
            told = await until_told(lambda: owner.ask("GET", claim.path), PAUSE_SECONDS)
            if told.status == HTTPStatus.OK:
                return claim
            self.memory.forget(device_id)  # of a house, or an owner, that is no more
        return await self._claim(owner, {"device_id": device_id, "name": name, "timezone": timezone})

    def read_record(self, claim: Claim) -> tuple[Record, Outbox]:
        """What the lock kept. One that lost its memory begins with a boot that it cannot have had before."""
        kept = self.memory.read_record(claim.device_id)
        record = Record.from_bytes(kept) if kept else Record(boot=int(time()))
        return record, Outbox(self.memory.read_outbox(claim.device_id))

    async def _claim(self, owner: Resident, body: dict[str, str]) -> Claim:
        told = await until_told(lambda: owner.ask("POST", DEVICES, body), PAUSE_SECONDS)
        if told.status == HTTPStatus.CREATED:
            return self._kept(body["device_id"], told.data["id"], told.data["credentials"])
        if told.status != HTTPStatus.CONFLICT:
            raise NotOursError
        device = await self._find_own(owner, body["device_id"])
        told = await until_told(lambda: owner.ask("POST", f"{DEVICES}{device}/credentials/rotate/", {}), PAUSE_SECONDS)
        if told.status != HTTPStatus.OK:
            raise NotOursError
        return self._kept(body["device_id"], device, told.data)

    async def _find_own(self, owner: Resident, device_id: str) -> str:
        """The row of a lock that this owner has already."""
        cursor = {"limit": "100"}
        while True:
            told = await until_told(partial(owner.ask, "GET", DEVICES, query=dict(cursor)), PAUSE_SECONDS)
            if told.status != HTTPStatus.OK:
                raise NotOursError
            for device in told.data["items"]:
                if device["device_id"] == device_id and device["access"] == "owner":
                    return str(device["id"])
            if not told.data["next"]:
                raise NotOursError
            cursor["cursor"] = told.data["next"]

    def _kept(self, device_id: str, id: str, credentials: dict[str, Any]) -> Claim:
        claim = Claim(device_id, id, credentials["mqtt"], credentials["keys"])
        claim.keep(self.memory)
        return claim


def keys_of(claim: Claim) -> Keys:
    """The lock's own secrets."""
    return Keys.from_claim(claim.keys)
