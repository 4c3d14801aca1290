"""Is somebody guessing an account's password? Known only by the beginning of a hash: the account may not even exist.

Each attempt costs what its brake allows, and what is owed runs down by itself: how much is owed tells how hard it is
tried. Between the limits nothing is found, so that an attack that pauses is told once.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

RULE = "login_brute_force"
BROKEN_SECONDS = 160.0  # of the 200 that auth lets an account owe: eight attempts, and one more was refused
HELD_SECONDS = 60.0

sql = statements.load("security_rules")


def find(connection: PoolProxiedConnection, _: Settings, now: datetime) -> list[Finding]:
    """Of each account that owes, or has an alert."""
    return judge(run(connection, sql.read_login_brakes, moment=now))


def judge(rows: Iterable[Row]) -> list[Finding]:
    """Refused attempts make it an attack; that nothing is owed any more ends it."""
    found = (_finding(account, owed, refusing) for account, owed, refusing in rows)
    return [finding for finding in found if finding is not None]


def _finding(account: str, owed: float | None, refusing: int) -> Finding | None:
    subject = f"account:{account}"
    if refusing and owed is not None and owed >= BROKEN_SECONDS:
        message = f"Sign-ins to the account {account} are being guessed; attempts are refused."
        return Finding(RULE, subject, True, message, "critical", float(refusing))
    if owed is None or owed < HELD_SECONDS:
        return Finding(RULE, subject, False, f"Nobody guesses at the account {account} any more.")
    return None
