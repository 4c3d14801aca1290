"""All that the fleet needs in this process, put together: link, writer and sender. One collector at a time holds it."""

from collections.abc import Callable, Mapping
from threading import Event, Thread

import structlog
from prometheus_client import CollectorRegistry

from collector.errors import CollectorError
from collector.fleet.command_metrics import command_metrics
from collector.fleet.inbox import Inbox
from collector.fleet.lease import Lease
from collector.fleet.link import Link
from collector.fleet.memory import FleetMemory
from collector.fleet.metrics import FleetMetrics, LinkMetrics
from collector.fleet.recording import Recording
from collector.fleet.roster import Roster
from collector.fleet.sender import Sender
from collector.fleet.writer import Writer
from collector.settings import Settings
from common.clock import utc_now
from sql.engine import make_engine

STOP_SECONDS = 3.0

log = structlog.get_logger()


class Fleet:
    """Hears and tells the locks while it holds the lease. Should its thread end by a fault, `on_death` is called."""

    def __init__(
        self,
        settings: Settings,
        registry: CollectorRegistry,
        on_death: Callable[[], None],
        memory: FleetMemory,
        inbox: Inbox | None = None,
    ) -> None:
        if settings.mqtt_url is None:
            raise CollectorError("MQTT_URL: the fleet needs a broker")
        self._inbox = inbox = inbox or Inbox()
        metrics, link_metrics = FleetMetrics(registry), LinkMetrics(registry, inbox)
        link = Link(settings.mqtt_url, inbox, link_metrics)
        lease = Lease(make_engine(settings.database_url, process="collector fleet", pool_size=1))
        self._roster = Roster()
        recording = Recording(lease, self._roster, metrics, command_metrics(registry), utc_now)
        self._writer = Writer(lease, link, recording, memory, (metrics, link_metrics))
        self._sender = Sender(settings, link, registry)
        self.has_died = False
        self._on_death = on_death
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="fleet", daemon=True)

    @property
    def calls(self) -> Mapping[str, Callable[[], None]]:
        """Whom a NOTIFY on these channels wakes."""
        return {"devices": self._roster.call}

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._sender.start()

    def stop(self) -> None:
        """End within a limit: commit and acknowledge what is there, leave the broker, which keeps what comes."""
        self._sender.stop()
        self._stopping.set()
        self._inbox.wake()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        try:
            self._writer.run(self._stopping)
        except Exception:  # the rim of a thread: nobody else would hear of it
            log.exception("fleet_died")
            self.has_died = True
            self._on_death()
