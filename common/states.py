"""The words for how an endpoint, a group and the whole house are, and how one state is made of many.

Knows nothing of checks or of the database.
"""

from collections.abc import Iterable
from typing import Literal

State = Literal["operational", "degraded", "partial_outage", "major_outage", "maintenance", "unknown"]
Outcome = Literal["operational", "degraded", "major_outage"]  # of a check, and so of an endpoint that is watched

OPERATIONAL: Literal["operational"] = "operational"
DEGRADED: Literal["degraded"] = "degraded"
PARTIAL_OUTAGE: Literal["partial_outage"] = "partial_outage"
MAJOR_OUTAGE: Literal["major_outage"] = "major_outage"
MAINTENANCE: Literal["maintenance"] = "maintenance"
UNKNOWN: Literal["unknown"] = "unknown"

OUTAGES = frozenset({PARTIAL_OUTAGE, MAJOR_OUTAGE})


def group_state(states: Iterable[State]) -> State:
    """The state of a group, of groups, or of the whole, out of its members'.

    Members in maintenance count only when all are. All out: a major outage; some: a partial one. Else the first that
    holds of: one is degraded, one is unknown. So a group is operational only when each of its members is known to be.
    """
    members = frozenset(states)
    counted = members - {MAINTENANCE}
    if not counted:
        return MAINTENANCE if members else UNKNOWN
    if counted & OUTAGES:
        return MAJOR_OUTAGE if counted == {MAJOR_OUTAGE} else PARTIAL_OUTAGE
    return next((state for state in (DEGRADED, UNKNOWN) if state in counted), OPERATIONAL)
