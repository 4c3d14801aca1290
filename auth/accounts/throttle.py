"""Slows whoever guesses passwords, by account and network; never locks the owner out.

The arithmetic is in the statement `reserve_login`, which counts an attempt before its password is looked at.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any

from auth.database import run_alone
from auth.http.problems import too_many
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


def reserve(attempt: Attempt) -> None:
    """Pay for an attempt. Raises Problem 429 when too many were made."""
    [(seconds,)] = run_alone(statements.reserve_login, **attempt.key, cost=COST, burst=COST * ATTEMPTS_AT_ONCE)
    if seconds > 0:
        raise too_many("Too many attempts to sign in to this account; try again later", seconds)
