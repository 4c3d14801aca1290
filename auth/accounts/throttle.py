"""Slows whoever guesses passwords, by account and network; never locks the owner out.

The arithmetic is in the statement `reserve_login`, which counts an attempt before its password is looked at.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import select

from auth.database import db, run_alone
from auth.http.problems import Problem, too_many
from sql.models import LoginThrottle
from sql.statements import load

COST = timedelta(seconds=20)
ATTEMPTS_AT_ONCE = 10
V4_NETWORK = 24
V6_NETWORK = 64

statements = load("accounts")


@dataclass(frozen=True)
class Attempt:
    """Where an attempt comes from and what it aims at; the account only as a hash, for it may not exist."""

    account: bytes
    network: str
    address: str | None

    @property
    def key(self) -> dict[str, Any]:
        """The parameters by which statements find its rows."""
        return {"account": self.account, "network": self.network}


def attempt_of(email: str, address: str) -> Attempt:
    """The attempt on `email` from `address`; neighbours in a network count as one guesser."""
    account = sha256(email.strip().lower().encode()).digest()[:16]
    try:
        given = ip_address(address.partition("%")[0])  # a link-local address may name its interface
    except ValueError:
        return Attempt(account, "unknown", None)
    found = getattr(given, "ipv4_mapped", None) or given
    width = V4_NETWORK if found.version == 4 else V6_NETWORK
    return Attempt(account, str(ip_network((found, width), strict=False)), str(found))


@contextmanager
def paid(attempt: Attempt) -> Iterator[None]:
    """Pay for an attempt, and get it back when the password was not looked at, since the house was too busy.

    Raises Problem 429 when too many were made.
    """
    networks = _reserve(attempt)
    try:
        yield
    except Problem:
        _give_back(attempt, networks)
        raise


def _reserve(attempt: Attempt) -> list[str]:
    """The networks whose purses paid."""
    [(seconds, networks)] = run_alone(statements.reserve_login, **attempt.key, cost=COST, burst=COST * ATTEMPTS_AT_ONCE)
    if seconds > 0:
        raise too_many("Too many attempts to sign in to this account; try again later", seconds)
    return list(networks)


def _give_back(attempt: Attempt, networks: list[str]) -> None:
    """Undo what `reserve_login` took, from the purses that paid, in its order; one may have been cleaned up since."""
    paid_by = select(LoginThrottle).where(LoginThrottle.account == attempt.account, LoginThrottle.network.in_(networks))
    for purse in db.session.scalars(paid_by.order_by("network").with_for_update()):
        purse.paid_until -= COST
    db.session.commit()
