"""What a trial of `test-monitoring` is, and how one is run. Knows none of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from collector.auth import read_page
from collector.commands.staff import Staff
from collector.errors import CollectorError
from collector.settings import Settings
from sql.errors import describe


class TrialFailed(CollectorError):
    """What a trial found wrong."""


@dataclass(frozen=True)
class Bench:
    """What trials look at."""

    settings: Settings
    engine: Engine
    staff: Staff


@dataclass(frozen=True)
class Trial:
    """One thing to look at; `look` tells what it saw, or raises TrialFailed."""

    group: str
    name: str
    look: Callable[[Bench], str]


@dataclass(frozen=True)
class Result:
    """How a trial ended."""

    group: str
    name: str
    is_passed: bool
    seconds: float
    told: str


def run(trial: Trial, bench: Bench) -> Result:
    """Look once. Whatever the house does wrong is a failed trial; a fault of ours is raised."""
    began = time.perf_counter()
    try:
        is_passed, told = True, trial.look(bench)
    except CollectorError as error:
        is_passed, told = False, str(error)
    except Exception as error:
        described = describe(error)
        if described is None:
            raise
        is_passed, told = False, described
    return Result(trial.group, trial.name, is_passed, time.perf_counter() - began, told)


def read_health(bench: Bench) -> dict[str, Any]:
    """What auth tells of its health."""
    page = read_page(bench.settings, "/health/")
    if page.status != 200:
        raise TrialFailed(f"/health/ answers {page.status}")
    return page.parse()
