"""Which dead letters are kept: as many as people can look at. A lock that floods us fills no disk, and hides no other.

It must not know why a message cannot be used.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from collector.fleet.batch import Said
from collector.fleet.metrics import FleetMetrics
from collector.fleet.words import Letter, Topics
from common.lock_protocol.topics import STATE, STATUS, topic_of

MOST_LETTERS = 600  # a minute
MOST_OF_A_LOCK = 60  # a minute, of those
MINUTE = 60.0
KEPT = (STATUS, STATE)  # of these the broker keeps the last word


class Letters:
    """The budget of each minute. For the writer's thread."""

    def __init__(self, topics: Topics, metrics: FleetMetrics) -> None:
        self._topics = topics
        self._metrics = metrics
        self._until = 0.0
        self._left = 0
        self._kept: Counter[str] = Counter()  # by the name under which somebody spoke

    def choose(self, said: Sequence[Said], now: float) -> Sequence[Said]:
        """`said`, with dead letters that are too many, and leftovers of locks that are gone, marked not to be kept."""
        if not any(type(one) is Letter for one in said):
            return said
        if now >= self._until:
            self._until, self._left = now + MINUTE, MOST_LETTERS
            self._kept.clear()
        chosen = [one if type(one) is not Letter or self._keep(one) else one._replace(is_kept=False) for one in said]
        self._metrics.unkept.inc(sum(type(one) is Letter and not one.is_kept for one in chosen))
        return chosen

    def _keep(self, letter: Letter) -> bool:
        name = self.name_in(letter)
        is_leftover = letter.kind == "unknown_device" and letter.heard.is_retained
        if is_leftover or not self._left or self._kept[name] >= MOST_OF_A_LOCK:
            return False
        self._left -= 1
        self._kept[name] += 1
        return True

    def is_echo(self, letter: Letter) -> bool:
        """Whether it is our own word that the broker is to keep nothing: empty, of a topic that is kept."""
        return not letter.heard.size and self._kind_in(letter) in KEPT

    def ownerless(self, said: Iterable[Said], gone: Iterable[str]) -> set[str]:
        """Topics that the broker keeps of nobody: of names that are gone, and of strangers who spoke."""
        strangers = [one for one in said if type(one) is Letter and one.kind == "unknown_device"]
        told = {topic_of(self.name_in(one), self._kind_in(one)) for one in strangers if self._kind_in(one) in KEPT}
        return told | {topic_of(name, kind) for name in gone for kind in KEPT}

    def name_in(self, letter: Letter) -> str:
        """Under which name somebody spoke; empty when it was none."""
        parsed = self._topics.parse(letter.heard.topic)
        return parsed[0] if parsed else ""

    def _kind_in(self, letter: Letter) -> str:
        parsed = self._topics.parse(letter.heard.topic)
        return parsed[1] if parsed else ""
