"""How the parts that every request leans on are doing, measured by using them: the database and the cache."""

from time import perf_counter

from pydantic import BaseModel

from auth.database import run_alone
from auth.house import house
from sql.errors import translate
from sql.statements import load

statements = load("health")


class Part(BaseModel):
    """One thing this service leans on: `healthy`, `failing`, `silent`, or `unknown` while no check says so of late."""

    status: str
    latency_ms: float | None = None
    age_seconds: float | None = None


def measure_database() -> Part:
    """A round trip to the database."""
    started = perf_counter()
    try:
        run_alone(statements.touch_database)
    except Exception as error:
        if translate(error) is None:
            raise
        return Part(status="failing")
    return worked(perf_counter() - started)


def measure_cache() -> Part:
    """A write and a read of the cache that all workers share."""
    seconds = house().cache.probe()
    return Part(status="failing") if seconds is None else worked(seconds)


def worked(seconds: float) -> Part:
    """A part that answered, and how fast."""
    return Part(status="healthy", latency_ms=round(seconds * 1000, 2))
