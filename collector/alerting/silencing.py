"""Which endpoints are silent just now: read at once for many, judged by the rule of `collector.states.silence`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.pool import PoolProxiedConnection

from collector.states.silence import ancestors, silence
from common.maintenance import MOMENT, Plan, occurrences
from common.states import State
from sql import statements
from sql.statements import run

sql = statements.load("alerts")
log = structlog.get_logger()


@dataclass(frozen=True)
class Silencing:
    """What silence is judged by, at one moment."""

    parents: Mapping[int, int | None]
    states: Mapping[int, State]  # of those of which evidence holds
    looked_at: Mapping[int, datetime]
    in_maintenance: Collection[int]
    unwatched: Collection[int]  # switched off: somebody looks at them now and then, but nobody waits for them

    def reason(self, endpoint_id: int, since: datetime | None = None) -> str | None:
        """Why an endpoint is not told of just now; None when it is.

        What began at `since` waits until its parents were looked at after that: a child is often seen to fall first.
        """
        if endpoint_id in self.unwatched:
            return "unwatched"
        found = silence(endpoint_id, self.parents, self.states, self.in_maintenance)
        if found or since is None:
            return found
        is_waiting = any(self._is_unseen(parent, since) for parent in ancestors(endpoint_id, self.parents))
        return "parent_unseen" if is_waiting else None

    def _is_unseen(self, endpoint_id: int, since: datetime) -> bool:
        return endpoint_id in self.states and self.looked_at[endpoint_id] < since


def read_silencing(connection: PoolProxiedConnection, endpoint_ids: Collection[int], now: datetime) -> Silencing:
    """All that says whether one of these endpoints is silent."""
    kin = run(connection, sql.read_kin, endpoint_ids=sorted(endpoint_ids), moment=now) if endpoint_ids else []
    plans = [plan for plan in _read_plans(connection, now) if covers(plan, now)] if kin else []
    return Silencing(
        parents={row[0]: row[1] for row in kin},
        states={row[0]: row[2] for row in kin if row[2] is not None},
        looked_at={row[0]: row[3] for row in kin if row[2] is not None},
        in_maintenance={row[0] for row in kin if any(plan.concerns(row[0]) for plan in plans)},
        unwatched={row[0] for row in kin if not row[4]},
    )


def covers(plan: Plan, now: datetime) -> bool:
    """Whether the plan runs at that moment. One that cannot be read silences nobody."""
    try:
        return any(occurrences(plan, now, now + MOMENT))
    except ValueError as error:
        log.warning("maintenance_not_readable", plan=plan.id, error=str(error))
        return False


def _read_plans(connection: PoolProxiedConnection, now: datetime) -> list[Plan]:
    rows = run(connection, sql.list_current_plans, moment=now)
    return [
        Plan(plan_id, starts_at, ends_at, rrule, zone, until, None if endpoints is None else frozenset(endpoints))
        for plan_id, starts_at, ends_at, rrule, zone, until, endpoints in rows
    ]
