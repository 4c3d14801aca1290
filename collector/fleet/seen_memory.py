"""What is seen of all locks, read from the table when it is first needed and kept while we hold the lease.

Nobody else writes it meanwhile. A transaction works on copies, which count once it is committed.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator
from uuid import UUID

from collector.fleet.seen import MOST_RANGES, Seen
from sql import statements
from sql.device_log import Run

MOST_DEVICES = 50_000
MOST_BOOTS = 8  # of a device that are kept in memory though they are whole
MOST_HOLED = 200  # boots of a device with holes: with more, it is broken or lies
Place = tuple[UUID, int]  # a device and its boot

sql = statements.load("fleet_ingest")


class SeenMemory:
    """By device and boot. A boot that is not in memory, of a device that is, has no holes."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, dict[int, Seen]] = OrderedDict()

    def forget(self) -> None:
        """Another collector may have written since."""
        self._known.clear()

    def load(self, run: Run, places: Collection[Place]) -> None:
        """Read what is not known of `places`, and all boots with holes of devices that are new here."""
        missing = [(device, boot) for device, boot in places if boot not in self._known.get(device, ())]
        if not missing:
            return
        strangers = {device for device, _ in missing if device not in self._known}
        rows = run(
            sql.read_seen,
            device_ids=[device for device, _ in missing],
            boots=[boot for _, boot in missing],
            strangers=list(strangers),
        )
        for device, boot, text in rows:
            self._known.setdefault(UUID(device), {})[boot] = Seen.from_text(text)
        for device, boot in missing:
            self._known.setdefault(device, {}).setdefault(boot, Seen())

    def stage(self) -> "Stage":
        """For a transaction."""
        return Stage(self)

    def get(self, place: Place) -> Seen:
        """What is known of a place that was loaded."""
        return self._known[place[0]][place[1]]

    def holed(self, device: UUID) -> int:
        """How many boots of a device that was loaded have holes."""
        return sum(not seen.is_whole for seen in self._known[device].values())

    def keep(self, staged: dict[Place, Seen]) -> None:
        """The transaction is committed."""
        for (device, boot), seen in staged.items():
            boots = self._known[device]
            boots[boot] = seen
            self._known.move_to_end(device)
            if len(boots) > MOST_BOOTS:
                _drop_whole(boots)
        while len(self._known) > MOST_DEVICES:
            self._known.popitem(last=False)

    def tellable(self, device: UUID, touched: Collection[int]) -> Iterator[tuple[int, int]]:
        """From the oldest boot `touched` on: up to which number all is stored.

        A newer boot is not told before all older ones are whole, since a lock may take it as word on those, too; once
        they are, it is told though nobody touched it again.
        """
        boots = self._known.get(device, {})
        oldest = min(touched)
        for boot in sorted(boots):
            seen = boots[boot]
            if boot >= oldest and seen.prefix:
                yield boot, seen.prefix
            if not seen.is_whole:
                return


class Stage:
    """What a transaction adds."""

    def __init__(self, memory: SeenMemory) -> None:
        self._memory = memory
        self._holed: dict[UUID, int] = {}
        self.changed: dict[Place, Seen] = {}

    def add(self, place: Place, number: int) -> bool | None:
        """Whether the number is new; None when there would be too many holes with it."""
        seen = self._change(place)
        if number > seen.prefix + 1 and seen.is_whole and not self._may_open(place[0]):
            return None
        if len(seen) >= MOST_RANGES and number not in seen:
            trial = seen.copy()
            trial.add(number)
            if len(trial) > MOST_RANGES:
                return None
        return seen.add(number)

    def add_range(self, place: Place, first: int, last: int) -> None:
        """Nobody need wait for these."""
        self._change(place).add_range(first, last)

    def write(self, run: Run) -> None:
        """Store what has changed, in one order for all."""
        places = sorted(place for place, seen in self.changed.items() if len(seen))
        if places:
            run(
                sql.store_seen,
                device_ids=[device for device, _ in places],
                boots=[boot for _, boot in places],
                seen=[self.changed[place].to_text() for place in places],
            )

    def keep(self) -> None:
        """It is committed."""
        self._memory.keep(self.changed)

    def _may_open(self, device: UUID) -> bool:
        """Whether one more boot of a device may have holes; it has by then."""
        known = self._holed.get(device)
        if known is None:
            known = self._memory.holed(device)
        self._holed[device] = min(known + 1, MOST_HOLED)
        return known < MOST_HOLED

    def _change(self, place: Place) -> Seen:
        seen = self.changed.get(place)
        if seen is None:
            seen = self.changed[place] = self._memory.get(place).copy()
        return seen


def _drop_whole(boots: dict[int, Seen]) -> None:
    """Keep those with holes, and the newest: the rest can be read again."""
    for boot in sorted(boots)[:-1]:
        if boots[boot].is_whole and len(boots) > MOST_BOOTS // 2:
            del boots[boot]
