"""What a simulated person can do, and what may come of it. Names only; how it is asked for stands in calls.py."""

from enum import StrEnum


class Kind(StrEnum):
    """One kind of request; the four counted ones carry the service's own names."""

    REGISTER = "register"
    SIGN_IN = "sign_in"
    REFRESH = "refresh"
    VERIFY = "verify"
    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  # the name of an action
    FORBIDDEN_UPDATE = "forbidden_update"
    VISIT = "visit"


COUNTED = frozenset({Kind.CREATE, Kind.READ, Kind.UPDATE, Kind.DELETE})
ENTERING = frozenset({Kind.REGISTER, Kind.SIGN_IN, Kind.REFRESH})


class Outcome(StrEnum):
    """How a request ended."""

    DONE = "done"
    REFUSED = "refused"
    LIMITED = "limited"
    FAILED = "failed"
    LOST = "lost"
    UNREACHABLE = "unreachable"
