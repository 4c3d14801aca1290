"""Which numbers of a lock's boot are stored, as ranges: what to drop, what is missing, what it may forget. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

MOST_RANGES = 1000  # with more holes than that, a lock is broken or lies


class Seen:
    """A set of numbers from 0, small as long as they come nearly in order."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        """`ranges` are pairs of a first and a last number, in order and apart."""
        pairs = list(ranges)
        self._firsts = [first for first, _ in pairs]
        self._lasts = [last for _, last in pairs]

    @classmethod
    def from_text(cls, text: str) -> "Seen":
        """From PostgreSQL's int8multirange: `{[1,5),[7,9)}`."""
        parts = [part.split(",") for part in text.strip("{}[)").split("),[") if part]
        return cls((int(first), int(end) - 1) for first, end in parts)

    def to_text(self) -> str:
        """As PostgreSQL's int8multirange."""
        return "{" + ",".join(f"[{first},{last + 1})" for first, last in self) + "}"

    def copy(self) -> "Seen":
        """Another of the same numbers."""
        made = Seen()
        made._firsts, made._lasts = self._firsts.copy(), self._lasts.copy()
        return made

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """The ranges, as first and last numbers."""
        return zip(self._firsts, self._lasts, strict=True)

    def __len__(self) -> int:
        """How many ranges there are."""
        return len(self._firsts)

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._firsts, number) - 1
        return place >= 0 and number <= self._lasts[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seen) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    @property
    def prefix(self) -> int:
        """The last number up to which all from 1 on are there; 0 when 1 is not."""
        return self._lasts[0] if self._firsts and self._firsts[0] <= 1 else 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing below the highest is missing."""
        return not self._firsts or (len(self._firsts) == 1 and self._firsts[0] <= 1)

    def add(self, number: int) -> bool:
        """Whether it was not there yet."""
        if self._lasts and number == self._lasts[-1] + 1:  # nearly always
            self._lasts[-1] = number
            return True
        if number in self:
            return False
        self.add_range(number, number)
        return True

    def add_range(self, first: int, last: int) -> None:
        """Add all from `first` to `last`; they merge with what they touch."""
        begin = bisect_right(self._lasts, first - 2)  # the first range that ends at `first` - 1 or later
        end = bisect_right(self._firsts, last + 1)
        if begin < end:
            first, last = min(first, self._firsts[begin]), max(last, self._lasts[end - 1])
        self._firsts[begin:end] = [first]
        self._lasts[begin:end] = [last]
