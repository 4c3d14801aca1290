"""All that probing needs, put together: engine, schedule, recorder and asked checks, each in a thread of its own."""

from collections.abc import Callable, Mapping
from threading import Event, Thread

import structlog
from prometheus_client import CollectorRegistry

from collector.alerting.on_change import on_change
from collector.open_files import allow_files
from collector.probing.asked import AskedChecks
from collector.probing.checks import Checks, Finished
from collector.probing.engine import Engine as ProbeEngine
from collector.probing.guard import Guard
from collector.probing.metrics import ProbeMetrics
from collector.probing.recorder import Recorder
from collector.probing.schedule import Schedule
from collector.probing.targets import Targets
from collector.settings import Settings
from common.clock import utc_now
from common.states import MAJOR_OUTAGE
from sql.engine import make_engine
from sql.errors import translate

CONNECTIONS = 4  # claims, results, requests; and one for a slow moment
STOP_SECONDS = 2.0
OTHER_FILES = 400  # lookups of names, the database, scrapes, webhooks: what is open besides probes

log = structlog.get_logger()


def make_probe_engine(settings: Settings) -> ProbeEngine:
    """The engine, guarded as the settings say, and within what the system lets us open."""
    guard = Guard.of(settings.probe_allow, settings.auth_url)
    sockets = max(1, allow_files(settings.probes_at_once + OTHER_FILES) - OTHER_FILES)
    if sockets < settings.probes_at_once:
        log.warning("open_files_are_few", probes_at_once=sockets, wanted=settings.probes_at_once)
    return ProbeEngine(guard, at_once=min(sockets, settings.probes_at_once), per_host=settings.probes_per_host)


class Prober:
    """Probes while it runs. Should a part of it end by a fault of ours, `on_death` is called: half a prober is none."""

    def __init__(self, settings: Settings, registry: CollectorRegistry, on_death: Callable[[], None]) -> None:
        name = settings.name
        self._database = make_engine(settings.database_url, process="collector", pool_size=CONNECTIONS)
        self._engine = make_probe_engine(settings)
        metrics = ProbeMetrics(registry)
        targets = Targets(settings.auth_url)
        self._recorder = Recorder(self._database, name, on_change, metrics, utc_now)
        self._checks = Checks(self._engine, targets, self._finished, utc_now)
        self._asked = AskedChecks(self._database, name, targets, self._checks)
        self._schedule = Schedule(
            engine=self._database,
            collector=name,
            targets=targets,
            checks=self._checks,
            metrics=metrics,
            backlog=lambda: self._recorder.waiting,
            clock=utc_now,
        )
        self.has_died = False
        self._on_death = on_death
        self._stopping = Event()
        self._threads = {
            name: Thread(target=self._run, args=[name, work], name=name, daemon=True)
            for name, work in {
                "probes": self._engine.run,
                "recorder": self._recorder.run,
                "claims": self._schedule.run_claims,
                "memory": self._schedule.run_memory,
                "asked": self._asked.run,
            }.items()
        }

    @property
    def calls(self) -> Mapping[str, Callable[[], None]]:
        """Whom a NOTIFY on these channels wakes."""
        return {"endpoints": self._schedule.look_again, "check_requests": self._asked.call}

    def start(self) -> None:
        """Begin."""
        for thread in self._threads.values():
            thread.start()

    def stop(self) -> None:
        """End within a limit: store what is known, give back what has not begun; the rest is missed, and noted so."""
        self._stopping.set()
        self._asked.call()
        self._engine.stop()
        last = Thread(target=self._end, name="end", daemon=True)
        last.start()
        last.join(STOP_SECONDS)

    def _run(self, name: str, work: Callable[[Event], None]) -> None:
        try:
            work(self._stopping)
        except Exception:  # the rim of a thread: nobody else would hear of it
            log.exception("prober_died", part=name)
            self.has_died = True
            self._on_death()

    def _end(self) -> None:
        for name in ("claims", "memory", "probes", "recorder"):
            self._threads[name].join()
        try:
            self._recorder.flush()
            self._schedule.release()
        except Exception as error:
            known = translate(error)
            if known is None:
                raise
            log.warning("claims_not_released", error=type(known).__name__)  # their lease ends by itself

    def _finished(self, finished: Finished) -> None:
        if finished.attempt is not None:
            is_down = finished.attempt.outcome == MAJOR_OUTAGE
            self._schedule.memory.note_outcome(finished.definition.endpoint_id, is_down=is_down)
        self._recorder.add(finished)
