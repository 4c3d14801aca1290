"""One round of checks in a process of its own, beside any daemon: made, stored like all others, and handed back."""

from collections.abc import Callable

from sqlalchemy import Engine

from collector.alerting.on_change import on_change
from collector.probing.asked import read_asked
from collector.probing.checks import Check, Checks, Finished
from collector.probing.prober import make_probe_engine
from collector.probing.storing import store
from collector.probing.targets import Definition, Targets
from collector.settings import Settings
from common.clock import utc_now
from sql import statements
from sql.engine import run_once, transaction

STEP_SECONDS = 0.2
MOST_AT_ONCE = 1000

sql = statements.load("schedule")

Asked = list[tuple[Definition, bool]]


class Round:
    """The endpoints with these names, or all that are enabled: `endpoints` to begin with, then `run`."""

    def __init__(self, settings: Settings, database: Engine, names: list[str]) -> None:
        self._settings = settings
        self._database = database
        self._targets = Targets(settings.auth_url)
        [(self._targets.key,)] = run_once(database, sql.read_probe_key)
        self.endpoints: Asked = read_asked(database, self._targets, names=names or None)

    def run(self, on_finished: Callable[[], None]) -> list[Finished]:
        """Check them all at once, and store what came of it; in the order of the endpoints."""
        found: dict[int, Finished] = {}

        def note(finished: Finished) -> None:
            found[finished.definition.endpoint_id] = finished
            on_finished()

        engine = make_probe_engine(self._settings)
        checks = Checks(engine, self._targets, note, utc_now)
        try:
            for definition, is_down in self.endpoints:
                checks.begin(Check(definition, slot=None, is_down=is_down))
            while len(found) < len(self.endpoints):
                engine.step(STEP_SECONDS)
        finally:
            engine.close()
        finished = [found[definition.endpoint_id] for definition, _ in self.endpoints]
        self._store(finished)
        return finished

    def _store(self, finished: list[Finished]) -> None:
        for first in range(0, len(finished), MOST_AT_ONCE):
            with transaction(self._database) as connection:
                some = finished[first : first + MOST_AT_ONCE]
                store(connection, some, self._settings.name, on_change, utc_now())
