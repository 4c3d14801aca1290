"""/livez, /readyz, /health/: whether this process lives, can serve, and how all it leans on is doing."""

from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from flask import request
from pydantic import BaseModel

from auth.database import run_alone
from auth.gate import ADDED_HEADERS
from auth.health.parts import Part, measure_cache, worked
from auth.http.problems import RETRY_SECONDS
from auth.http.route import Routes
from sql.errors import translate
from sql.statements import load

routes = Routes("health")
statements = load("health")

SILENT_SECONDS = 60.0
# The broker is tried every 10 seconds; the mail server only while mail waits, but then at least every half hour, so a
# server that fails is told as failing from one try to the next, and one that nobody needs becomes unknown.
STALE_SECONDS = 5 * 60.0
MAIL_STALE_SECONDS = 35 * 60.0


class Health(BaseModel):
    """The whole and its parts."""

    status: str
    timestamp: datetime
    database: Part
    collector: Part
    broker: Part
    mail: Part
    cache: Part


class Alive(BaseModel):
    """The process answers."""

    status: str


@routes.add("GET", "/livez", answers={200: Alive}, is_limited=False)
def check_alive() -> Any:
    """Whether the process answers at all; needs nothing else."""
    return {"status": "alive"}


@routes.add("GET", "/readyz", answers={200: Alive}, is_limited=False)
def check_ready() -> Any:
    """Whether requests can be served: the database answers."""
    run_alone(statements.read_health)
    return {"status": "ready"}


@routes.add("GET", "/health/", answers={200: Health, 503: Health}, is_limited=False)
def check_health() -> Any:
    """How this service and all it leans on are doing; 503 only when the database is away."""
    started = perf_counter()
    try:
        [(collector_age, services)] = run_alone(statements.read_health)
    except Exception as error:
        if translate(error) is None:
            raise
        request.environ[ADDED_HEADERS].append(("Retry-After", str(RETRY_SECONDS)))
        return 503, _report("unavailable", Part(status="failing"), Part(status="unknown"), {"cache": measure_cache()})
    database = worked(perf_counter() - started)
    collector = judge_collector(collector_age)
    parts = {service["service"]: judge_service(service) for service in services}
    parts["cache"] = measure_cache()
    is_well = collector.status == "healthy" and all(part.status != "failing" for part in parts.values())
    return _report("healthy" if is_well else "degraded", database, collector, parts)


def judge_collector(age_seconds: float | None) -> Part:
    """A collector that beats is healthy; one that has not for a minute is silent."""
    if age_seconds is None:
        return Part(status="unknown")
    return Part(status="healthy" if age_seconds < SILENT_SECONDS else "silent", age_seconds=round(age_seconds, 1))


def judge_service(service: dict[str, Any]) -> Part:
    """What the collector's last try of a service says of it: nothing, when it was too long ago."""
    age = round(service["age_seconds"], 1)
    if age > (MAIL_STALE_SECONDS if service["service"] == "mail" else STALE_SECONDS):
        return Part(status="unknown", age_seconds=age)
    latency = service["latency_seconds"]
    return Part(
        status="healthy" if service["is_up"] else "failing",
        age_seconds=age,
        latency_ms=None if latency is None else round(latency * 1000, 2),
    )


def _report(status: str, database: Part, collector: Part, parts: dict[str, Part]) -> Health:
    unknown = Part(status="unknown")
    return Health(
        status=status,
        timestamp=datetime.now(UTC),
        database=database,
        collector=collector,
        broker=parts.get("broker", unknown),
        mail=parts.get("mail", unknown),
        cache=parts["cache"],
    )
