"""Who owns which lock, and how each is brought up: claimed, with what it kept, on its broker."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import orjson

from common.lock_protocol import topics
from generator.fleet.claims import Claim, Claims, NotOursError, keys_of
from generator.fleet.connection import Broker, Login
from generator.fleet.faults import Faults
from generator.fleet.household import Household
from generator.fleet.keeper import Keeper
from generator.fleet.lock import Lock, entry_type
from generator.fleet.memory import Memory
from generator.fleet.mounted import MountedLock
from generator.fleet.outbox import Outbox
from generator.fleet.residents import Door, Resident
from generator.ledger import Ledger
from generator.people import Person
from generator.settings import Settings

OWNED_BY_ONE = 3
DOUBLED = DELAYED = 0.02
TIMEZONES = ("Europe/Berlin", "America/New_York", "UTC", "Asia/Tokyo")
ROOMS = ("Front door", "Workshop", "Library", "Bike cellar", "Garden gate", "Rehearsal room", "Kitchen", "Attic")


@dataclass
class Settling:
    """Makes the household of each number; the same again for a seed."""

    seed: int
    settings: Settings
    people: Sequence[Person]
    door: Door
    memory: Memory
    keeper: Keeper
    ledger: Ledger
    residents: dict[str, Resident] = field(default_factory=dict)

    async def settle(self, number: int) -> Household | None:
        """A lock with its people, not connected yet; None when it is somebody else's."""
        name = ROOMS[number % len(ROOMS)] + (f" {number // len(ROOMS) + 1}" if number >= len(ROOMS) else "")
        device_id = f"lock-{number + 1:03}" if self.seed == 0 else f"lock-{self.seed}-{number + 1:03}"
        claims = Claims(self.memory)
        for owner in self._owners(number):
            try:
                claim = await claims.find(owner, device_id, name, TIMEZONES[number % len(TIMEZONES)])
            except NotOursError:
                continue
            return self._furnish(number, owner, claim, claims)
        return None

    def _furnish(self, number: int, owner: Resident, claim: Claim, claims: Claims) -> Household:
        record, outbox = claims.read_record(claim)
        self._note_untold(claim.device_id, outbox)
        luck = Random(f"{self.seed}:lock:{number}")  # noqa: S311  # a course of life, no secret
        if record.conn == 0:
            record.battery = luck.uniform(30, 100)
        lock = Lock(claim.device_id, keys_of(claim), record, outbox)
        faults = Faults(doubled=DOUBLED, delayed=DELAYED, luck=luck)
        mounted = MountedLock(lock, self._login(claim), self.keeper, faults, luck)
        guest = self._resident(number + 1)
        return Household(mounted, claim, owner, guest, self.door, self.memory, self.ledger, luck)

    def _login(self, claim: Claim) -> Login:
        broker = Broker.at(self.settings.mqtt_url or claim.mqtt["url"])
        if self.settings.mqtt_password:
            return Login(broker, claim.device_id, topics.FLEET, self.settings.mqtt_password)
        return Login(broker, claim.mqtt["client_id"], claim.mqtt["username"], claim.mqtt["password"])

    def _note_untold(self, device_id: str, outbox: Outbox) -> None:
        """Events of an earlier run that may be in the log already or come now."""
        for message in outbox:
            if message.kind == topics.EVENTS:
                content = orjson.loads(message.payload)
                self.ledger.open((device_id, entry_type(content["type"], content["data"].get("method"))))

    def _owners(self, number: int) -> Iterator[Resident]:
        """Who is to own a lock; where nobody knows the first, the second."""
        settings = self.settings
        if number < OWNED_BY_ONE and settings.owner_email:
            owner = Resident("The owner", settings.owner_email, settings.owner_password, self.door, may_join=False)
            yield self.residents.setdefault(owner.email, owner)
        yield self._resident(number)

    def _resident(self, number: int) -> Resident:
        person = self.people[number % len(self.people)]
        resident = Resident(person.name, person.email, person.password, self.door)
        return self.residents.setdefault(person.email, resident)
