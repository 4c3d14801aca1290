"""What a simulated person can do, and what may come of it. Names only; how it is asked for stands in calls.py."""

from enum import StrEnum


class Kind(StrEnum):
    """One kind of request; the four that are counted by person carry the service's own names."""

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
    BROWSE = "browse"
    SEARCH = "search"
    VIEW = "view"
    BORROW = "borrow"
    RETURN = "return"
    RENEW = "renew"
    RESERVE = "reserve"
    CANCEL = "cancel"
    LOANS = "loans"


COUNTED = frozenset({Kind.CREATE, Kind.READ, Kind.UPDATE, Kind.DELETE})
LENDING = frozenset(
    {
        Kind.BROWSE,
        Kind.SEARCH,
        Kind.VIEW,
        Kind.BORROW,
        Kind.RETURN,
        Kind.RENEW,
        Kind.RESERVE,
        Kind.CANCEL,
        Kind.LOANS,
    }
)
ENTERING = frozenset({Kind.REGISTER, Kind.SIGN_IN, Kind.REFRESH})


class Outcome(StrEnum):
    """How a request ended."""

    DONE = "done"
    REFUSED = "refused"
    LIMITED = "limited"
    FAILED = "failed"
    LOST = "lost"
    UNREACHABLE = "unreachable"
