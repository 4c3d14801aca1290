"""The driver's errors made our own, once: here is the border."""

import psycopg2
import psycopg2.errors
import sqlalchemy.exc

GONE = (psycopg2.OperationalError, psycopg2.InterfaceError)
NOT_REACHED = "The database cannot be reached; is DATABASE_URL right?"  # what a command says then
WAITED = (psycopg2.errors.LockNotAvailable, psycopg2.errors.QueryCanceled, psycopg2.errors.DeadlockDetected)


class DatabaseError(Exception):
    """The base of what the database can answer instead of rows."""


class DatabaseAway(DatabaseError):
    """The database cannot be reached, shuts down, or has no connection to spare."""


class LockTimeout(DatabaseError):
    """Somebody else held the row for longer than we wait."""


class RuleBroken(DatabaseError):
    """A named constraint refused the change; `rule` is its name."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class ValueRefused(DatabaseError):
    """A value that the column's type cannot hold."""


def driver_error(error: BaseException) -> BaseException:
    """The driver's own error beneath SQLAlchemy's, or the error itself."""
    return getattr(error, "orig", None) or error


def is_disconnect(error: BaseException) -> bool:
    """Whether the error means that the connection is gone, as opposed to a statement being refused."""
    inner = driver_error(error)
    return isinstance(inner, GONE) and not isinstance(inner, WAITED)


def translate(error: BaseException) -> DatabaseError | None:
    """Our error for the driver's or SQLAlchemy's, or None where it is a fault of the code."""
    inner = driver_error(error)
    if isinstance(inner, psycopg2.errors.LockNotAvailable | psycopg2.errors.DeadlockDetected):
        return LockTimeout(str(inner.pgerror or inner).strip())
    if isinstance(inner, psycopg2.IntegrityError):
        rule = inner.diag.constraint_name or inner.diag.column_name
        return RuleBroken(rule) if rule else None  # a missing partition, say: no rule, and no fault of the request
    if isinstance(inner, psycopg2.DataError):
        return ValueRefused(inner.diag.message_primary or "")
    if isinstance(inner, sqlalchemy.exc.TimeoutError | psycopg2.errors.QueryCanceled) or is_disconnect(inner):
        return DatabaseAway(type(inner).__name__)
    return None


def describe(error: BaseException) -> str | None:
    """What a command says of an error of the database, or None where it is a fault of the code."""
    if is_disconnect(error):
        return NOT_REACHED
    known = translate(error)
    return f"the database: {type(known).__name__}: {known}" if known else None
