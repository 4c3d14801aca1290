"""What a scraper sees of the fleet's messages. By kind and class only, never by device."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from collector.fleet.inbox import Inbox
from common.lock_protocol.topics import FROM_LOCKS

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
SIZES = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
LETTERS = ("topic", "unknown_device", "too_long", "unreadable", "gaps", "refused", "failed")


class LinkMetrics:
    """The connection to the broker, and what waits to be stored."""

    def __init__(self, registry: CollectorRegistry, inbox: Inbox) -> None:
        self.failures = Counter(
            "watchhouse_fleet_callback_failures",
            "Failures of ours while messages were taken from the connection",
            registry=registry,
        )
        self.full = Counter(
            "watchhouse_fleet_inbox_full",
            "Times that we stopped reading since as much waited to be stored as we hold",
            registry=registry,
        )
        self.connected = Gauge("watchhouse_fleet_connected", "Whether the fleet's connection stands", registry=registry)
        waiting = Gauge("watchhouse_fleet_buffered_messages", "Messages that wait to be stored", registry=registry)
        waiting.set_function(lambda: inbox.messages)
        size = Gauge("watchhouse_fleet_buffered_bytes", "Bytes that they came in", registry=registry)
        size.set_function(lambda: inbox.bytes)


class FleetMetrics:
    """Messages as they are stored."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lease = Gauge("watchhouse_fleet_lease", "Whether this collector holds the fleet", registry=registry)
        self.messages = Counter(
            "watchhouse_fleet_messages", "Messages of locks by kind, duplicates included", ["kind"], registry=registry
        )
        self.duplicates = Counter(
            "watchhouse_fleet_duplicates", "Messages dropped since they were stored before", registry=registry
        )
        self.dead_letters = Counter(
            "watchhouse_fleet_dead_letters", "Messages that nobody could use, by class", ["reason"], registry=registry
        )
        self.unkept = Counter(
            "watchhouse_fleet_dead_letters_unkept", "Dead letters that were too many to be kept", registry=registry
        )
        self.forgotten = Counter(
            "watchhouse_fleet_topics_forgotten",
            "Topics of locks that are gone, of which the broker was told to keep nothing",
            registry=registry,
        )
        self.entries = Counter(
            "watchhouse_fleet_entries", "Entries that locks' messages made", ["event_type"], registry=registry
        )
        self.alarms = Counter("watchhouse_fleet_alarms", "Alerts that they opened", ["kind"], registry=registry)
        for kind in FROM_LOCKS:
            self.messages.labels(kind)
        for reason in LETTERS:
            self.dead_letters.labels(reason)
        self._time_batches(registry)

    def _time_batches(self, registry: CollectorRegistry) -> None:
        """How much is stored at once, and how long that takes."""
        self.batch_messages = Histogram(
            "watchhouse_fleet_batch_messages", "Messages in a transaction", buckets=SIZES, registry=registry
        )
        self.batch_seconds = Histogram(
            "watchhouse_fleet_batch_seconds", "Seconds that storing a batch took", buckets=SECONDS, registry=registry
        )
        self.ack_lag = Histogram(
            "watchhouse_fleet_ack_lag_seconds",
            "Seconds from the socket to the acknowledgement, of a batch's oldest message",
            buckets=SECONDS,
            registry=registry,
        )
        self.retries = Counter(
            "watchhouse_fleet_batch_retries", "Batches tried again, since the database could not", registry=registry
        )
        self.blocked = Gauge(
            "watchhouse_fleet_blocked_devices",
            "Locks whose messages wait, since somebody holds a row of theirs",
            registry=registry,
        )
        self.canary = Gauge(
            "watchhouse_fleet_canary_seconds",
            "Seconds from publishing the last canary to its commit",
            registry=registry,
        )
        self.canary_lag = Histogram(
            "watchhouse_fleet_canary_lag_seconds",
            "Seconds from publishing a canary to its commit",
            buckets=SECONDS,
            registry=registry,
        )
